import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { errorSentence, isStatus } from "@/lib/api-client";
import type { Passage } from "@/lib/passage-path";
import { pageTextQuery } from "@/lib/queries/documents";
import { strings } from "@/lib/strings";
import { markedSegments } from "./marked-text";
import { useNearViewport } from "./use-near-viewport";
import { PAGE_ATTRIBUTE } from "./use-page-scroll";
import { targetKey, type ViewerTarget } from "./viewer-target";

type TextDocumentProps = {
  documentId: string;
  pageCount: number;
  target: ViewerTarget;
  /** 1 is the normal size of the letters. */
  zoom: number;
  goToPage: (page: number) => void;
};

/** The extracted text of anything that is not a PDF. */
export function TextDocument({ documentId, pageCount, target, zoom, goToPage }: TextDocumentProps) {
  const scrollKey = targetKey(target);

  useEffect(() => {
    goToPage(target.page);
    // The key stands for the whole target.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [scrollKey, goToPage]);

  return (
    <div
      className="mx-auto flex max-w-3xl flex-col gap-3 p-4"
      style={{ fontSize: `${0.9375 * zoom}rem` }}
    >
      {Array.from({ length: pageCount }, (_, index) => index + 1).map((page) => (
        <TextPage
          key={page}
          documentId={documentId}
          page={page}
          passages={target.passages.filter((passage) => passage.page === page)}
          scrollKey={page === target.passages[0]?.page ? scrollKey : null}
        />
      ))}
    </div>
  );
}

type TextPageProps = {
  documentId: string;
  page: number;
  passages: readonly Passage[];
  scrollKey: string | null;
};

function TextPage({ documentId, page, passages, scrollKey }: TextPageProps) {
  const frameRef = useRef<HTMLElement>(null);
  const firstMarkRef = useRef<HTMLElement>(null);
  const near = useNearViewport(frameRef);
  const { data, error } = useQuery({ ...pageTextQuery(documentId, page), enabled: near });
  const segments = markedSegments(data?.text ?? "", passages);
  const firstMarked = segments.findIndex(({ marked }) => marked);
  const loaded = data !== undefined;

  useEffect(() => {
    if (loaded && scrollKey !== null) firstMarkRef.current?.scrollIntoView({ block: "center" });
  }, [loaded, scrollKey]);

  return (
    <section
      ref={frameRef}
      {...{ [PAGE_ATTRIBUTE]: page }}
      aria-label={strings.viewer.pageLabel(page)}
      className="min-h-40 scroll-mt-3 rounded-lg border border-line bg-surface px-5 py-6 sm:px-8"
    >
      {error && (
        <p className="text-sm text-muted">
          {isStatus(error, 404) ? strings.viewer.notReadYet : errorSentence(error)}
        </p>
      )}
      {data?.ocr && <p className="mb-3 text-xs text-muted">{strings.viewer.recognised}</p>}
      {data?.text.trim() === "" && <p className="text-sm text-muted">{strings.viewer.emptyPage}</p>}
      <div className="leading-relaxed break-words whitespace-pre-wrap">
        {segments.map(({ text, marked }, index) =>
          marked ? (
            <mark
              key={index}
              ref={index === firstMarked ? firstMarkRef : undefined}
              data-testid="highlight"
              className="rounded-sm bg-highlight box-decoration-clone py-0.5 text-inherit"
            >
              {text}
            </mark>
          ) : (
            <span key={index}>{text}</span>
          ),
        )}
      </div>
    </section>
  );
}
