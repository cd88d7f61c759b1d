import { useConversations } from "@/lib/queries/conversations";
import { strings } from "@/lib/strings";
import { ConversationItem } from "./conversation-item";
import { groupByDay } from "./day-groups";

type ConversationListProps = {
  activeId: string | null;
  onOpen: () => void;
  onDeleted: (id: string) => void;
};

/** All chats by day. */
export function ConversationList({ activeId, onOpen, onDeleted }: ConversationListProps) {
  const { data: conversations } = useConversations();
  const groups = groupByDay(conversations ?? [], new Date());

  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
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
            {strings.conversations.empty}
          </p>
        )}
      </nav>
    </div>
  );
}
