import { ArrowDown } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useMemo, useRef } from "react";
import { IconButton } from "@/components/ui/icon-button";
import { cn } from "@/lib/class-names";
import { useDocuments } from "@/lib/queries/documents";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import type { Citation, Message } from "@/types/api";
import { AssistantMessage } from "./assistant-message";
import { BranchSwitcher } from "./branch-switcher";
import { useChat } from "./chat-context";
import type { PathEntry } from "./message-tree";
import { NotRemembered } from "./not-remembered";
import type { OutgoingMessage as Outgoing } from "./outbox";
import { OutgoingMessage } from "./outgoing-message";
import { useStickToBottom } from "./use-stick-to-bottom";
import { UserMessage } from "./user-message";

/** A message to be shown; `visit` differs each time it is asked for. */
export type Turn = { messageId: string; visit: string };

type MessageListProps = {
  path: readonly PathEntry[];
  outgoing: readonly Outgoing[];
  turn: Turn | null;
  /** Whether the conversation is. */
  remembered: boolean;
  onChooseBranch: (message: Message) => void;
  onEdit: (message: Message, text: string, clientId: string) => Promise<boolean>;
  onRegenerate: (message: Message, modelId?: string) => void;
  onOpenCitation: (message: Message, citation: Citation) => void;
  renderRecalled: (message: Message) => ReactNode;
};

export function MessageList({ path, outgoing, turn, ...actions }: MessageListProps) {
  const { scrollRef, contentRef, atBottom, onScroll, scrollToBottom, scrollTo } =
    useStickToBottom();
  const turnRef = useRef<HTMLLIElement>(null);
  const visit = path.some(({ message }) => message.id === turn?.messageId) ? turn?.visit : undefined;
  const lastSent = outgoing.at(-1)?.clientId;

  useEffect(() => {
    if (lastSent !== undefined) scrollToBottom();
  }, [lastSent, scrollToBottom]);

  useEffect(() => {
    if (visit !== undefined && turnRef.current) scrollTo(turnRef.current);
  }, [visit, scrollTo]);

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scrollRef}
        onScroll={onScroll}
        className="scroll-quiet h-full overflow-y-auto overscroll-contain"
      >
        <div ref={contentRef} className="mx-auto w-full max-w-184 px-4 pt-6 pb-8 sm:px-6">
          <ol className="flex flex-col gap-7" aria-label={strings.chat.messages}>
            {path.map((entry) => {
              const marked = entry.message.id === turn?.messageId;
              return (
                <li
                  key={entry.message.id}
                  ref={marked ? turnRef : undefined}
                  aria-current={marked ? "true" : undefined}
                  className={cn("message", marked && "marked-turn")}
                >
                  <MessageItem entry={entry} {...actions} />
                </li>
              );
            })}
            {outgoing.map((message) => (
              <li key={message.clientId}>
                <OutgoingMessage message={message} />
              </li>
            ))}
          </ol>
        </div>
      </div>
      {!atBottom && (
        <IconButton
          label={strings.chat.jumpToLatest}
          icon={<ArrowDown aria-hidden />}
          tooltipSide="top"
          className="popover absolute bottom-3 left-1/2 size-9 -translate-x-1/2 rounded-full"
          onClick={() => scrollToBottom("smooth")}
        />
      )}
    </div>
  );
}

type MessageItemProps = Omit<MessageListProps, "path" | "outgoing" | "turn"> & { entry: PathEntry };

function MessageItem({
  entry: { message, siblings },
  remembered,
  onChooseBranch,
  onEdit,
  onRegenerate,
  onOpenCitation,
  renderRecalled,
}: MessageItemProps) {
  const branches = (
    <BranchSwitcher message={message} siblings={siblings} onChoose={onChooseBranch} />
  );
  const mark = <NotRemembered message={message} conversationRemembered={remembered} />;
  const openCitation = useCallback(
    (citation: Citation) => onOpenCitation(message, citation),
    [message, onOpenCitation],
  );
  const liveText = useLiveText(message);
  const isDocumentGone = useIsDocumentGone();

  if (message.role === "user") {
    return (
      <UserMessage
        message={message}
        branches={branches}
        mark={mark}
        onEdit={(text, clientId) => onEdit(message, text, clientId)}
      />
    );
  }
  return (
    <AssistantMessage
      message={message}
      liveText={liveText}
      branches={branches}
      mark={mark}
      recalled={renderRecalled(message)}
      isDocumentGone={isDocumentGone}
      onOpenCitation={openCitation}
      onRegenerate={(modelId) => onRegenerate(message, modelId)}
    />
  );
}

/** The text of an answer that is being written; asks for it when the page came too late. */
function useLiveText(message: Message): string | null {
  const { liveAnswers } = useChat();
  const live = useStore(liveAnswers.store, (answers) => answers[message.id]);
  const lost = message.status === "streaming" && live === undefined;

  useEffect(() => {
    if (lost) liveAnswers.follow(message);
  }, [lost, liveAnswers, message]);

  return live?.text ?? null;
}

function useIsDocumentGone(): (citation: Citation) => boolean {
  const documents = useDocuments().data;
  return useMemo(() => {
    const known = documents && new Set(documents.map(({ id }) => id));
    return ({ document_id, document_deleted }) =>
      document_id === null ||
      document_deleted === true ||
      (known !== undefined && !known.has(document_id));
  }, [documents]);
}
