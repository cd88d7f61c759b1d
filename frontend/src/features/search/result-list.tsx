import { FileText, MessageSquare, MessageSquareText } from "lucide-react";
import { type MouseEvent, type ReactNode, useEffect, useRef } from "react";
import { Link } from "react-router";
import { cn } from "@/lib/class-names";
import { formatDate } from "@/lib/format";
import { strings } from "@/lib/strings";
import { fromFirstMark, type Segment, segmentsAt, segmentsMatching } from "./matching-words";
import type { ResultGroup, SearchResult } from "./result-groups";

type ResultListProps = {
  id: string;
  groups: readonly ResultGroup[];
  query: string;
  activeKey: string | null;
  onOpen: (result: SearchResult) => void;
};

export function ResultList({ id, groups, query, activeKey, onOpen }: ResultListProps) {
  const listRef = useRef<HTMLDivElement>(null);

  useEffect(() => {
    listRef.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [activeKey]);

  return (
    <div ref={listRef} id={id} role="listbox" aria-label={strings.search.results}>
      {groups.map(({ label, results }) => (
        <div key={label} role="group" aria-label={label}>
          <p role="presentation" className="px-2.5 pt-3 pb-1.5 text-xs font-medium text-muted">
            {label}
          </p>
          {results.map((result) => (
            <Option
              key={result.key}
              id={`${id}-${result.key}`}
              result={result}
              query={query}
              active={result.key === activeKey}
              onOpen={() => onOpen(result)}
            />
          ))}
        </div>
      ))}
    </div>
  );
}

type OptionProps = {
  id: string;
  result: SearchResult;
  query: string;
  active: boolean;
  onOpen: () => void;
};

/** A link, so that it can be opened in another tab; the focus stays in the search field, which
 *  hears the keys. */
function Option({ id, result, query, active, onOpen }: OptionProps) {
  const { icon, title, when, quote } = shown(result, query);
  return (
    <Link
      to={result.path}
      id={id}
      tabIndex={-1}
      role="option"
      aria-selected={active}
      className={cn(
        "flex gap-2.5 rounded-lg px-2.5 py-2 text-sm select-none hover:bg-subtle [&>svg]:mt-0.5 [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-muted",
        active && "bg-subtle",
      )}
      onClick={(event) => {
        if (opensHere(event)) onOpen();
      }}
    >
      {icon}
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <span
            className={cn("min-w-0 flex-1 font-medium", quote ? "truncate" : "line-clamp-2")}
            title={title.map(({ text }) => text).join("")}
          >
            <Marked segments={title} />
          </span>
          <span className="shrink-0 text-xs text-muted">{when}</span>
        </span>
        {quote && (
          <span className="mt-0.5 line-clamp-3 text-[0.8125rem] leading-snug break-words text-muted">
            <Marked segments={quote} />
          </span>
        )}
      </span>
    </Link>
  );
}

/** Whether a click opens a link in this tab. */
function opensHere({ button, altKey, ctrlKey, metaKey, shiftKey }: MouseEvent): boolean {
  return button === 0 && !altKey && !ctrlKey && !metaKey && !shiftKey;
}

type Shown = { icon: ReactNode; title: Segment[]; when: string; quote: Segment[] | null };

function shown(result: SearchResult, query: string): Shown {
  switch (result.kind) {
    case "conversation": {
      const { title, updated_at } = result.conversation;
      return {
        icon: <MessageSquare aria-hidden />,
        title: segmentsMatching(title, query),
        when: formatDate(updated_at),
        quote: null,
      };
    }
    case "message": {
      const { conversation, message, quote, highlights } = result.found;
      return {
        icon: <MessageSquareText aria-hidden />,
        title: plain(conversation.title || strings.conversations.untitled),
        when: formatDate(message.created_at),
        quote: [...plain(`${strings.memory.saidBy(message.role)}: `), ...fromFirstMark(segmentsAt(quote, highlights))],
      };
    }
    case "document": {
      const { document, page, quote, highlights } = result.found;
      return {
        icon: <FileText aria-hidden />,
        title: segmentsMatching(document.filename, query),
        when: strings.search.page(page),
        quote: fromFirstMark(segmentsAt(quote, highlights)),
      };
    }
  }
}

function plain(text: string): Segment[] {
  return [{ text, marked: false }];
}

function Marked({ segments }: { segments: readonly Segment[] }) {
  return segments.map(({ text, marked }, index) =>
    marked ? (
      <mark key={index} className="rounded-xs bg-highlight text-text">
        {text}
      </mark>
    ) : (
      <span key={index}>{text}</span>
    ),
  );
}
