/// <reference types="vite/client" />

/** Base address of pdf.js' data files, set by vite.config.ts. */
declare const __PDFJS_ASSETS__: string;
