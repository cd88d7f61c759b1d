// Runs before the first paint so that the page never flashes in the wrong theme.
// The key and the class are shared with src/lib/theme.ts.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("docchat:theme");
  } catch {
    // Storage may be blocked; the system's theme is a good answer then.
  }
  var dark =
    chosen === "dark" ||
    (chosen !== "light" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
