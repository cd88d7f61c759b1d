import { readStored, writeStored } from "./browser-storage";
import { createStore } from "./store";

export type Theme = "system" | "light" | "dark";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];

const KEY = "theme"; // public/theme.js reads it before the first paint.

function storedTheme(): Theme {
  const stored = readStored(KEY);
  return THEMES.find((theme) => theme === stored) ?? "system";
}

export const themeStore = createStore<Theme>(storedTheme());

export function setTheme(theme: Theme): void {
  writeStored(KEY, theme === "system" ? null : theme);
  themeStore.set(theme);
  applyTheme();
}

function applyTheme(): void {
  const theme = themeStore.get();
  const dark =
    theme === "dark" ||
    (theme === "system" && window.matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
}

/** Keeps the page in step with the system's theme and with a choice made in another tab. */
export function followTheme(): () => void {
  const media = window.matchMedia("(prefers-color-scheme: dark)");
  const onStorage = () => {
    themeStore.set(storedTheme());
    applyTheme();
  };
  media.addEventListener("change", applyTheme);
  window.addEventListener("storage", onStorage);
  return () => {
    media.removeEventListener("change", applyTheme);
    window.removeEventListener("storage", onStorage);
  };
}
