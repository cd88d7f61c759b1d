// Fails when what the browser must load for the first view grows past its budget.
import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 300 * 1024;
const outDir = path.resolve(
  import.meta.dirname,
  process.argv[2] ?? "../../backend/src/backend/static",
);

const manifest = JSON.parse(readFileSync(path.join(outDir, ".vite/manifest.json"), "utf8"));

/** The one subset of the typeface that an English page loads. */
const FONT = /inter-latin-wght-normal.*\.woff2$/;

/** The entry, all it imports statically, stylesheets and typeface; dynamic imports come later. */
function firstViewFiles() {
  const files = new Set(["index.html", "theme.js"]);
  const visit = (key) => {
    const chunk = manifest[key];
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const stylesheet of chunk.css ?? []) files.add(stylesheet);
    for (const asset of chunk.assets ?? []) if (FONT.test(asset)) files.add(asset);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  visit("index.html");
  return [...files];
}

const sizes = firstViewFiles().map((file) => ({
  file,
  bytes: gzipSync(readFileSync(path.join(outDir, file))).length,
}));
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

for (const { file, bytes } of sizes) process.stdout.write(`${kib(bytes).padStart(10)}  ${file}\n`);
process.stdout.write(
  `${kib(total).padStart(10)}  first view, gzip (budget ${kib(BUDGET_BYTES)})\n`,
);

if (total > BUDGET_BYTES) {
  process.stderr.write("The first view is over its budget.\n");
  process.exit(1);
}
