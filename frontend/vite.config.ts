import path from "node:path";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { PDFJS_ASSETS_PATH, pdfjsAssets } from "./scripts/pdfjs-assets.ts";

const backend = process.env.BACKEND_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), tailwindcss(), pdfjsAssets()],
  define: { __PDFJS_ASSETS__: JSON.stringify(`/${PDFJS_ASSETS_PATH}/`) },
  resolve: { alias: { "@": path.resolve(import.meta.dirname, "src") } },
  server: {
    proxy: {
      "/api": { target: backend },
      "/socket.io": { target: backend, ws: true },
    },
  },
  build: {
    outDir: "../backend/src/backend/static",
    emptyOutDir: true,
    manifest: true,
    // Data URLs would need exceptions in the Content-Security-Policy.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // Servers and proxies know the type of .js everywhere, that of .mjs (pdf.js' worker) not.
        assetFileNames: ({ names }) =>
          names[0]?.endsWith(".mjs") ? "assets/[name]-[hash].js" : "assets/[name]-[hash][extname]",
      },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
