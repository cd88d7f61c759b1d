import { FileX2 } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Spinner } from "@/components/ui/spinner";
import { useDocuments } from "@/lib/queries/documents";
import { strings } from "@/lib/strings";
import type { DocumentRecord } from "@/types/api";
import { TextDocument } from "./text-document";
import { usePageScroll } from "./use-page-scroll";
import type { ViewerTarget } from "./viewer-target";
import { ViewerHeader, ViewerToolbar } from "./viewer-toolbar";

const PdfDocument = lazy(() => import("./pdf-document"));

const PDF = "application/pdf";

type DocumentViewerProps = {
  target: ViewerTarget;
  /** Shows another citation of the same message, counted from 1. */
  onShowCitation: (position: number) => void;
  onClose: () => void;
};

export default function DocumentViewer({ target, onShowCitation, onClose }: DocumentViewerProps) {
  const sectionRef = useRef<HTMLElement>(null);
  const { data: documents } = useDocuments();
  const document = documents?.find(({ id }) => id === target.documentId);

  useFocusWhileOpen(sectionRef);

  return (
    <section
      ref={sectionRef}
      tabIndex={-1}
      aria-label={strings.viewer.title}
      className="flex h-full min-h-0 flex-col bg-canvas outline-none"
    >
      <ViewerHeader target={target} onShowCitation={onShowCitation} onClose={onClose} />
      {document ? (
        <OpenDocument key={document.id} document={document} target={target} />
      ) : documents ? (
        <GoneDocument quote={target.citation?.quote ?? null} />
      ) : (
        <Loading />
      )}
    </section>
  );
}

type OpenDocumentProps = { document: DocumentRecord; target: ViewerTarget };

function OpenDocument({ document, target }: OpenDocumentProps) {
  const { scrollRef, currentPage, goToPage, onScroll } = usePageScroll(target.page);
  const [zoom, setZoom] = useState(1);
  const [pageCount, setPageCount] = useState(document.page_count ?? 1);

  return (
    <>
      <ViewerToolbar
        documentId={document.id}
        filename={document.filename}
        currentPage={currentPage}
        pageCount={pageCount}
        onGoToPage={goToPage}
        zoom={zoom}
        onZoom={setZoom}
      />
      {/* Scrolls, so the keyboard must be able to reach it. */}
      <div
        ref={scrollRef}
        onScroll={onScroll}
        data-page-scroller
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="group"
        aria-label={document.filename}
        className="scroll-quiet min-h-0 flex-1 overflow-auto bg-viewer"
      >
        {document.media_type === PDF ? (
          <Suspense fallback={<Loading />}>
            <PdfDocument
              documentId={document.id}
              target={target}
              zoom={zoom}
              onPageCount={setPageCount}
              goToPage={goToPage}
              loading={<Loading />}
              failed={<p className="p-8 text-center text-sm">{strings.viewer.failed}</p>}
            />
          </Suspense>
        ) : (
          <TextDocument
            documentId={document.id}
            pageCount={pageCount}
            target={target}
            zoom={zoom}
            goToPage={goToPage}
          />
        )}
      </div>
    </>
  );
}

function Loading() {
  return (
    <div className="flex items-center justify-center gap-2 p-10 text-sm text-muted" role="status">
      <Spinner />
      {strings.viewer.loading}
    </div>
  );
}

function GoneDocument({ quote }: { quote: string | null }) {
  return (
    <div className="flex-1 overflow-y-auto bg-viewer p-6">
      <div className="mx-auto max-w-xl rounded-xl border border-line bg-surface p-6">
        <p className="flex items-start gap-2.5 text-sm text-muted">
          <FileX2 className="mt-0.5 size-4 shrink-0" aria-hidden />
          {quote === null ? strings.citations.documentGone : strings.viewer.gone}
        </p>
        {quote !== null && (
          <blockquote className="mt-4 border-l-2 border-highlight-edge pl-4 leading-relaxed">
            {quote}
          </blockquote>
        )}
      </div>
    </div>
  );
}

/** The focus moves into the viewer and, when it closes, back to where it was opened from. */
function useFocusWhileOpen(ref: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const opener = window.document.activeElement;
    ref.current?.focus({ preventScroll: true });
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected)
        opener.focus({ preventScroll: true });
    };
  }, [ref]);
}
