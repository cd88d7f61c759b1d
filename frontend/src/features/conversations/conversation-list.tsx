import { Search } from "lucide-react";
import { useState } from "react";
import { Input } from "@/components/ui/field";
import { useConversations } from "@/lib/queries/conversations";
import { strings } from "@/lib/strings";
import { ConversationItem } from "./conversation-item";
import { groupByDay } from "./day-groups";

export const CONVERSATION_SEARCH_ID = "conversation-search";

type ConversationListProps = {
  activeId: string | null;
  onOpen: () => void;
  onDeleted: (id: string) => void;
};

/** All chats by day, with a filter on their titles. */
export function ConversationList({ activeId, onOpen, onDeleted }: ConversationListProps) {
  const { data: conversations } = useConversations();
  const [query, setQuery] = useState("");
  const needle = query.trim().toLowerCase();
  const matching = (conversations ?? []).filter(({ title }) =>
    (title || strings.conversations.untitled).toLowerCase().includes(needle),
  );
  const groups = groupByDay(matching, new Date());

  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="relative px-3 pb-1">
        <Search
          className="pointer-events-none absolute top-2.5 left-6 size-4 text-muted"
          aria-hidden
        />
        <Input
          id={CONVERSATION_SEARCH_ID}
          type="search"
          className="h-9 border-line bg-surface pl-9 text-sm"
          aria-label={strings.conversations.search}
          placeholder={strings.conversations.search}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      </div>
      <nav
        aria-label={strings.conversations.list}
        className="scroll-quiet min-h-0 flex-1 overflow-y-auto px-2 pb-3"
      >
        {groups.map(({ label, conversations: members }) => (
          <section key={label} aria-label={label}>
            <h3 className="px-2.5 pt-4 pb-1.5 text-xs font-medium text-muted">{label}</h3>
            <ul>
              {members.map((conversation) => (
                <ConversationItem
                  key={conversation.id}
                  conversation={conversation}
                  active={conversation.id === activeId}
                  onOpen={onOpen}
                  onDeleted={onDeleted}
                />
              ))}
            </ul>
          </section>
        ))}
        {conversations && groups.length === 0 && (
          <p className="px-2.5 pt-4 text-sm text-muted" role="status">
            {needle === ""
              ? strings.conversations.empty
              : strings.conversations.noMatch(query.trim())}
          </p>
        )}
      </nav>
    </div>
  );
}
