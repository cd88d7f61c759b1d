import { Search as SearchIcon, SlidersHorizontal } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { Input } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { IconButton } from "@/components/ui/icon-button";
import { cn } from "@/lib/class-names";
import { nextOption } from "@/lib/option-keys";
import { useConversations } from "@/lib/queries/conversations";
import { narrowsMessages, NO_FILTERS, type SearchFilters, useSearch } from "@/lib/queries/search";
import { strings } from "@/lib/strings";
import type { Conversation } from "@/types/api";
import { resultGroups, type SearchResult } from "./result-groups";
import { ResultList } from "./result-list";
import { SearchFilterFields } from "./search-filter-fields";
import { useDebounced } from "./use-debounced";

export const SEARCH_ID = "search";

const TYPING_PAUSE_MS = 150;
const MAX_QUERY_CHARS = 300;
const NO_CONVERSATIONS: readonly Conversation[] = [];

export type SearchState = { text: string; filters: SearchFilters; filtersOpen: boolean };

export const NO_SEARCH: SearchState = { text: "", filters: NO_FILTERS, filtersOpen: false };

type SearchProps = {
  /** Kept outside: on a phone, opening a result takes the search off the screen. */
  state: SearchState;
  onChange: (state: SearchState) => void;
  /** The conversation that is open. */
  conversationId: string | null;
  /** A result is being opened. */
  onOpen: () => void;
  /** Shown while nothing is searched for. */
  children: ReactNode;
};

/**
 * One search over all chats and documents, while one types. A combobox with a list box: the focus
 * stays in the field, arrow keys move through the results, Enter opens one, Escape ends it.
 */
export function Search({
  state,
  onChange,
  conversationId,
  onOpen,
  children,
}: SearchProps) {
  const { text, filters, filtersOpen } = state;
  const [activeKey, setActiveKey] = useState<string | null>(null);
  const navigate = useNavigate();
  const listId = useId();
  const inputRef = useRef<HTMLInputElement>(null);

  const query = text.trim();
  const searching = query !== "";
  const asked = useDebounced(query, TYPING_PAUSE_MS);
  // "This chat" means the open one; where none is open it means nothing.
  const effective: SearchFilters = {
    ...filters,
    conversationId: filters.conversationId === null ? null : conversationId,
  };
  const { data: found, error, isFetching } = useSearch(searching ? asked : "", effective);
  const conversations = useConversations().data ?? NO_CONVERSATIONS;
  const groups = searching ? resultGroups(query, effective, conversations, found ?? []) : [];
  const results = groups.flatMap((group) => group.results);
  const active = results.find(({ key }) => key === activeKey) ?? results[0];
  const settled = asked === query && !isFetching;
  const filtered = effective.kind !== "all" || narrowsMessages(effective);

  const type = (typed: string) => {
    onChange({ ...state, text: typed });
    setActiveKey(null);
  };

  const open = (result: SearchResult) => {
    setActiveKey(result.key);
    onOpen();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Escape" && text !== "") {
      event.preventDefault();
      type("");
    } else if (event.key === "Enter" && active) {
      event.preventDefault();
      open(active);
      void navigate(active.path);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const index = nextOption(event.key, active ? results.indexOf(active) : -1, results.length);
      if (index === null) return;
      event.preventDefault();
      setActiveKey(results[index]?.key ?? null);
    }
  };

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div role="search" className="relative flex shrink-0 items-center gap-1 px-3 pt-0.5 pb-2">
        <SearchIcon className="pointer-events-none absolute left-6 size-4 text-muted" aria-hidden />
        <Input
          id={SEARCH_ID}
          ref={inputRef}
          type="search"
          role="combobox"
          aria-expanded={searching}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={active && `${listId}-${active.key}`}
          aria-label={strings.search.label}
          placeholder={strings.search.label}
          autoComplete="off"
          maxLength={MAX_QUERY_CHARS}
          className="h-9 border-line bg-surface pr-2 pl-9 text-sm"
          value={text}
          onChange={(event) => type(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {searching && (
          <IconButton
            label={strings.search.filters}
            icon={<SlidersHorizontal aria-hidden />}
            aria-expanded={filtersOpen}
            className={cn(filtered && "bg-accent-soft text-accent-strong")}
            onClick={() => onChange({ ...state, filtersOpen: !filtersOpen })}
          />
        )}
      </div>
      {!searching && children}
      {searching && (
        <div className="scroll-quiet min-h-0 flex-1 overflow-y-auto px-2 pb-3">
          {filtersOpen && (
            <SearchFilterFields
              filters={effective}
              conversationId={conversationId}
              onChange={(changed) => onChange({ ...state, filters: changed })}
            />
          )}
          <p role="status" className="px-2.5 py-1 text-xs text-muted">
            {statusOf({ count: results.length, settled, failed: error !== null, query, filtered })}
          </p>
          <FormError error={error} />
          <ResultList
            id={listId}
            groups={groups}
            query={query}
            activeKey={active?.key ?? null}
            onOpen={(result) => {
              open(result);
              inputRef.current?.focus();
            }}
          />
        </div>
      )}
    </div>
  );
}

type Status = {
  count: number;
  settled: boolean;
  failed: boolean;
  query: string;
  filtered: boolean;
};

function statusOf({ count, settled, failed, query, filtered }: Status): string {
  if (count > 0) return strings.search.found(count);
  if (!settled) return strings.search.searching;
  return failed ? "" : strings.search.none(query, filtered);
}
