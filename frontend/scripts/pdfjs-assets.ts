import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Plugin } from "vite";

const require = createRequire(import.meta.url);
const packageFile = require.resolve("pdfjs-dist/package.json");
const packageRoot = path.dirname(packageFile);
const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string };

/** Where the build serves pdf.js' data files; the version lets them be cached for ever. */
export const PDFJS_ASSETS_PATH = `assets/pdfjs-${version}`;

const FOLDERS = ["cmaps", "standard_fonts", "wasm", "iccs"];

/** Serves pdf.js' character maps, fonts, decoders and colour profiles from our own origin. */
export function pdfjsAssets(): Plugin {
  return {
    name: "docchat-pdfjs-assets",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = decodeURIComponent((request.url ?? "").split("?")[0] ?? "");
        const file = url.startsWith(`/${PDFJS_ASSETS_PATH}/`)
          ? path.join(packageRoot, path.normalize(url.slice(PDFJS_ASSETS_PATH.length + 2)))
          : "";
        if (!FOLDERS.some((folder) => file.startsWith(path.join(packageRoot, folder)))) {
          next();
          return;
        }
        createReadStream(file)
          .on("error", () => {
            response.statusCode = 404;
            response.end();
          })
          .pipe(response);
      });
    },
    generateBundle() {
      for (const folder of FOLDERS) {
        for (const name of readdirSync(path.join(packageRoot, folder))) {
          this.emitFile({
            type: "asset",
            fileName: `${PDFJS_ASSETS_PATH}/${folder}/${name}`,
            source: readFileSync(path.join(packageRoot, folder, name)),
          });
        }
      }
    },
  };
}
