import { passagePath } from "@/lib/passage-path";
import { narrowsMessages, type SearchFilters } from "@/lib/queries/search";
import { strings } from "@/lib/strings";
import { turnPath } from "@/lib/turn-path";
import type { Conversation, Found, FoundMessage, FoundPassage } from "@/types/api";
import { matchesWords } from "./matching-words";

const MAX_TITLES = 5;

/** `path` is where it opens. */
export type SearchResult = { key: string; path: string } & (
  | { kind: "conversation"; conversation: Conversation }
  | { kind: "message"; found: FoundMessage }
  | { kind: "document"; found: FoundPassage }
);

export type ResultGroup = { label: string; results: SearchResult[] };

/** Titles that match, then what the server found, by kind; in each the best first. */
export function resultGroups(
  query: string,
  filters: SearchFilters,
  conversations: readonly Conversation[],
  found: readonly Found[],
): ResultGroup[] {
  const titles =
    filters.kind === "documents" || narrowsMessages(filters)
      ? []
      : conversations.filter(({ title }) => matchesWords(title, query)).slice(0, MAX_TITLES);
  const groups: ResultGroup[] = [
    {
      label: strings.search.chats,
      results: titles.map((conversation) => ({
        key: `conversation-${conversation.id}`,
        path: `/c/${encodeURIComponent(conversation.id)}`,
        kind: "conversation",
        conversation,
      })),
    },
    { label: strings.search.messages, results: found.filter(isMessage).map(messageResult) },
    { label: strings.search.documents, results: found.filter(isPassage).map(passageResult) },
  ];
  return groups.filter(({ results }) => results.length > 0);
}

const isMessage = (item: Found): item is FoundMessage => item.kind === "message";
const isPassage = (item: Found): item is FoundPassage => item.kind === "document";

function messageResult(found: FoundMessage): SearchResult {
  return {
    key: `message-${found.message.id}-${found.start}`,
    path: turnPath(found.conversation.id, found.message.id),
    kind: "message",
    found,
  };
}

function passageResult(found: FoundPassage): SearchResult {
  const { document, page, start, end } = found;
  return {
    key: `document-${document.id}-${page}-${start}`,
    path: passagePath(document.id, { page, start, end }),
    kind: "document",
    found,
  };
}
