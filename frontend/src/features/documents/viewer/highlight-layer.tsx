import { useQueries } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Passage } from "@/lib/passage-path";
import { highlightsQuery } from "@/lib/queries/documents";
import { strings } from "@/lib/strings";
import type { HighlightBox } from "@/types/api";

type HighlightLayerProps = {
  documentId: string;
  passages: readonly Passage[];
  /** Set on the page to bring into view, once its size is known. */
  scrollKey: string | null;
};

/** The server's boxes for the passages of one page, drawn over it. */
export function HighlightLayer({ documentId, passages, scrollKey }: HighlightLayerProps) {
  const firstRef = useRef<HTMLDivElement>(null);
  const results = useQueries({
    queries: passages.map(({ page, start, end }) => highlightsQuery(documentId, page, start, end)),
  });
  const boxes = results.flatMap(({ data }) => data?.boxes ?? []);
  const settled = results.every(({ isPending }) => !isPending);
  const loaded = settled && boxes.length > 0;

  useEffect(() => {
    if (loaded && scrollKey !== null) firstRef.current?.scrollIntoView({ block: "center" });
  }, [loaded, scrollKey]);

  return (
    <div className="pointer-events-none absolute inset-0">
      {settled && boxes.length === 0 && (
        <p
          role="status"
          className="absolute inset-x-0 top-0 bg-warning-soft px-3 py-1.5 text-center text-xs text-warning"
        >
          {strings.viewer.noHighlights}
        </p>
      )}
      {boxes.map((box, index) => (
        <div
          key={index}
          ref={index === 0 ? firstRef : undefined}
          data-testid="highlight"
          className="absolute rounded-[2px] bg-[rgb(255_198_41/0.42)] mix-blend-multiply"
          style={boxStyle(box)}
        />
      ))}
    </div>
  );
}

function boxStyle({ x, y, width, height }: HighlightBox) {
  const percent = (fraction: number) => `${100 * fraction}%`;
  return { left: percent(x), top: percent(y), width: percent(width), height: percent(height) };
}
