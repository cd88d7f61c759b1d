import { FileX2, TriangleAlert } from "lucide-react";
import { HoverCard } from "radix-ui";
import { cn } from "@/lib/class-names";
import { strings } from "@/lib/strings";
import type { Citation, CitationSupport } from "@/types/api";
import { useCitationsInText } from "./citations-context";

const CHIP =
  "citation-chip mx-px inline-flex h-[1.15rem] min-w-[1.15rem] items-center justify-center gap-0.5 rounded-[5px] px-1 align-[0.1em] text-[0.6875rem] leading-none font-semibold no-underline tabular-nums";

const CHIP_COLOURS: Record<CitationSupport, string> = {
  verified: "bg-accent-soft text-accent-strong hover:bg-accent hover:text-on-accent",
  partial: "bg-warning-soft text-warning border border-dashed border-warning/60 hover:border-solid",
  unsupported:
    "bg-danger-soft text-danger border border-dashed border-danger/60 hover:border-solid",
};

const SUPPORT_WORDS: Record<CitationSupport, string | null> = {
  verified: null,
  partial: strings.citations.partial,
  unsupported: strings.citations.unsupported,
};

/** What `[n]` in an answer becomes; just the text where no citation has that number. */
export function CitationMark({ n }: { n: number }) {
  const { byNumber, streaming } = useCitationsInText();
  const citation = byNumber.get(n);
  if (citation) return <CitationChip citation={citation} />;
  if (streaming) return <span className={cn(CHIP, "bg-subtle text-muted")}>{n}</span>;
  return <>[{n}]</>;
}

function CitationChip({ citation }: { citation: Citation }) {
  const { open, isDocumentGone } = useCitationsInText();
  const gone = isDocumentGone(citation);
  const page = citation.pages[0]?.page ?? null;
  const remarks = [
    SUPPORT_WORDS[citation.support],
    gone ? strings.citations.documentGone : null,
  ].filter((remark) => remark !== null);

  return (
    <HoverCard.Root openDelay={180} closeDelay={120}>
      <HoverCard.Trigger asChild>
        <button
          type="button"
          className={cn(
            CHIP,
            "cursor-pointer",
            CHIP_COLOURS[citation.support],
            gone && "line-through",
          )}
          data-support={citation.support}
          aria-label={[
            strings.citations.label(citation.n, citation.filename, page),
            ...remarks,
          ].join(". ")}
          onClick={() => open(citation)}
        >
          {citation.n}
          {citation.support !== "verified" && <TriangleAlert className="size-2.5" aria-hidden />}
        </button>
      </HoverCard.Trigger>
      <HoverCard.Portal>
        <HoverCard.Content
          side="top"
          sideOffset={6}
          collisionPadding={12}
          className="popover z-50 w-88 max-w-[calc(100vw-2rem)] p-3.5 text-sm"
        >
          <p className="flex items-baseline justify-between gap-3">
            <span className="truncate font-medium">{citation.filename}</span>
            {page !== null && (
              <span className="shrink-0 text-xs text-muted">{strings.citations.page(page)}</span>
            )}
          </p>
          <blockquote className="mt-2 line-clamp-6 border-l-2 border-highlight-edge pl-2.5 leading-relaxed text-muted">
            {citation.quote}
          </blockquote>
          {SUPPORT_WORDS[citation.support] !== null && (
            <p
              className={cn(
                "mt-2.5 flex items-center gap-1.5 text-xs font-medium",
                citation.support === "partial" ? "text-warning" : "text-danger",
              )}
            >
              <TriangleAlert className="size-3.5 shrink-0" aria-hidden />
              {SUPPORT_WORDS[citation.support]}
            </p>
          )}
          {gone && (
            <p className="mt-2.5 flex items-center gap-1.5 text-xs font-medium text-muted">
              <FileX2 className="size-3.5 shrink-0" aria-hidden />
              {strings.citations.documentGone}
            </p>
          )}
        </HoverCard.Content>
      </HoverCard.Portal>
    </HoverCard.Root>
  );
}
