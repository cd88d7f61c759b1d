// The legacy build carries what older browsers lack; the worker has a file of its own.
import {
  getDocument,
  GlobalWorkerOptions,
  type PDFDocumentLoadingTask,
} from "pdfjs-dist/legacy/build/pdf.mjs";
import workerUrl from "pdfjs-dist/legacy/build/pdf.worker.min.mjs?url";

/** Opens a PDF, reading only the parts of the file that are looked at. */
export function openPdf(url: string): PDFDocumentLoadingTask {
  GlobalWorkerOptions.workerSrc = workerUrl;
  return getDocument({
    url,
    cMapUrl: `${__PDFJS_ASSETS__}cmaps/`,
    standardFontDataUrl: `${__PDFJS_ASSETS__}standard_fonts/`,
    wasmUrl: `${__PDFJS_ASSETS__}wasm/`,
    iccUrl: `${__PDFJS_ASSETS__}iccs/`,
    disableAutoFetch: true,
    disableStream: true,
  });
}
