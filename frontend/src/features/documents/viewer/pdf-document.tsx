import type { PDFDocumentProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { documentFileUrl } from "@/lib/queries/documents";
import { HighlightLayer } from "./highlight-layer";
import { openPdf } from "./pdf-loader";
import { PdfPage } from "./pdf-page";
import { targetKey, type ViewerTarget } from "./viewer-target";

const SIDE_MARGIN_PX = 16;

type PdfDocumentProps = {
  documentId: string;
  target: ViewerTarget;
  /** 1 fits the width. */
  zoom: number;
  onPageCount: (count: number) => void;
  goToPage: (page: number) => void;
  loading: ReactNode;
  failed: ReactNode;
};

export default function PdfDocument({
  documentId,
  target,
  zoom,
  onPageCount,
  goToPage,
  loading,
  failed,
}: PdfDocumentProps) {
  const containerRef = useRef<HTMLDivElement>(null);
  const containerWidth = useWidth(containerRef);
  const opened = usePdf(documentId, onPageCount);
  const scrollKey = targetKey(target);
  const isOpen = opened.state === "open" && containerWidth > 0;

  useEffect(() => {
    if (isOpen) goToPage(target.page);
    // The key stands for the whole target.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isOpen, scrollKey, goToPage]);

  return (
    <div ref={containerRef} className="min-w-full">
      {opened.state === "loading" && loading}
      {opened.state === "failed" && failed}
      {opened.state === "open" && containerWidth > 0 && (
        <div className="flex w-fit min-w-full flex-col gap-3 p-4">
          {Array.from({ length: opened.pdf.numPages }, (_, index) => index + 1).map((page) => {
            const passages = target.passages.filter((passage) => passage.page === page);
            return (
              <PdfPage
                key={page}
                pdf={opened.pdf}
                page={page}
                width={Math.floor((containerWidth - 2 * SIDE_MARGIN_PX) * zoom)}
                assumedRatio={opened.firstPageRatio}
                overlay={(sized) =>
                  passages.length > 0 && (
                    <HighlightLayer
                      documentId={documentId}
                      passages={passages}
                      scrollKey={sized && page === target.passages[0]?.page ? scrollKey : null}
                    />
                  )
                }
              />
            );
          })}
        </div>
      )}
    </div>
  );
}

type OpenedPdf =
  | { state: "loading" | "failed" }
  | { state: "open"; pdf: PDFDocumentProxy; firstPageRatio: number };

function usePdf(documentId: string, onPageCount: (count: number) => void): OpenedPdf {
  const [opened, setOpened] = useState<OpenedPdf>({ state: "loading" });

  useEffect(() => {
    let stale = false;
    const task = openPdf(documentFileUrl(documentId));
    const open = async () => {
      try {
        const pdf = await task.promise;
        const { width, height } = (await pdf.getPage(1)).getViewport({ scale: 1 });
        if (stale) return;
        onPageCount(pdf.numPages);
        setOpened({ state: "open", pdf, firstPageRatio: height / width });
      } catch {
        if (!stale) setOpened({ state: "failed" });
      }
    };
    void open();
    return () => {
      stale = true;
      setOpened({ state: "loading" });
      void task.destroy();
    };
  }, [documentId, onPageCount]);

  return opened;
}

function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    // The scroller keeps its width when zoomed pages make the content wider.
    const element = ref.current?.closest("[data-page-scroller]");
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}
