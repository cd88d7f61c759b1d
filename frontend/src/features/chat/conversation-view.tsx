import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { Spinner } from "@/components/ui/spinner";
import { errorSentence, isStatus } from "@/lib/api-client";
import { useChangeConversation, useConversation } from "@/lib/queries/conversations";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import type { Citation, ConversationDetail, Message } from "@/types/api";
import { AnswerAnnouncer } from "./answer-announcer";
import { useChat } from "./chat-context";
import { ChatSettings } from "./chat-settings";
import { Composer } from "./composer";
import { DocumentScope } from "./document-scope";
import { MessageList, type Turn } from "./message-list";
import {
  type BranchChoices,
  chooseBranch,
  chooseBranchesTo,
  forgetChoice,
  isOlderBranch,
  visiblePath,
} from "./message-tree";
import { useModelChoice } from "./model-choice";
import { ModelMenu } from "./model-menu";
import { RememberSwitch } from "./remember-switch";
import { totalUsage } from "./total-usage";
import { useAnswering } from "./use-answering";

type ConversationViewProps = {
  conversationId: string;
  /** The message that was asked for. */
  turn: Turn | null;
  /** Told which message the shown branch ends with. */
  onShowBranch: (leafId: string | null) => void;
  onOpenCitation: (message: Message, citation: Citation) => void;
  renderRecalled: (message: Message) => ReactNode;
};

export function ConversationView(props: ConversationViewProps) {
  const { data, error } = useConversation(props.conversationId);
  if (data) return <Conversation detail={data} {...props} />;
  return (
    <div className="flex flex-1 items-center justify-center p-6 text-sm text-muted" role="status">
      {error ? (
        isStatus(error, 404) ? (
          strings.conversations.gone
        ) : (
          errorSentence(error)
        )
      ) : (
        <>
          <Spinner className="mr-2" />
          {strings.chat.loading}
        </>
      )}
    </div>
  );
}

type ConversationProps = ConversationViewProps & { detail: ConversationDetail };

function Conversation({
  conversationId,
  detail: { conversation, messages },
  turn,
  onShowBranch,
  onOpenCitation,
  renderRecalled,
}: ConversationProps) {
  const { outbox, draftKey } = useChat();
  const { modelId } = useModelChoice();
  const answering = useAnswering(conversationId);
  const changeConversation = useChangeConversation();
  const [choices, setChoices] = useState<BranchChoices>({});
  /** Whether the message being written is to be; each begins as remembered. */
  const [remembered, setRemembered] = useState(true);
  const [lastVisit, setLastVisit] = useState<string | null>(null);

  // Whatever branch a message is in, a link to it shows that branch; afterwards one may leave it.
  if (turn && turn.visit !== lastVisit && messages.some(({ id }) => id === turn.messageId)) {
    setLastVisit(turn.visit);
    setChoices(chooseBranchesTo(choices, messages, turn.messageId));
  }

  const path = useMemo(() => visiblePath(messages, choices), [messages, choices]);
  const leaf = path.at(-1)?.message ?? null;
  const leafId = leaf?.id ?? null;
  useEffect(() => onShowBranch(leafId), [leafId, onShowBranch]);

  const streaming = leaf?.status === "streaming" ? leaf : null;
  const outgoing = useStore(outbox.store).filter(
    (message) => message.conversationId === conversationId,
  );

  const send = (text: string) => {
    const parentId = leaf?.id ?? null;
    setRemembered(true);
    outbox.send({
      conversationId,
      text,
      model: modelId,
      parentId,
      remembered,
      branches: isOlderBranch(messages, parentId),
    });
    return true;
  };

  /** A new version is the newest at its fork: forgetting the choice there shows it. */
  const showNewest = useCallback((message: Message) => {
    setChoices((known) => forgetChoice(known, message));
  }, []);

  const edit = async (message: Message, text: string, clientId: string) => {
    const started = await answering.edit(message, text, modelId, clientId);
    if (started) showNewest(message);
    return started;
  };

  const regenerate = async (message: Message, model?: string) => {
    if (await answering.regenerate(message, model)) showNewest(message);
  };

  const change = (settings: Parameters<typeof changeConversation.mutate>[0]["change"]) =>
    changeConversation.mutate({ id: conversationId, change: settings });

  return (
    <>
      <MessageList
        path={path}
        turn={turn}
        remembered={conversation.memory_enabled}
        outgoing={outgoing}
        onChooseBranch={(message) => setChoices((known) => chooseBranch(known, message))}
        onEdit={edit}
        onRegenerate={(message, model) => void regenerate(message, model)}
        onOpenCitation={onOpenCitation}
        renderRecalled={renderRecalled}
      />
      <AnswerAnnouncer messageId={streaming?.id ?? null} />
      <div className="mx-auto w-full max-w-184 px-3 pb-3 sm:px-6 sm:pb-5">
        <Composer
          draftKey={draftKey(conversationId)}
          onSend={send}
          onStop={streaming ? () => void answering.stop(streaming.id) : null}
          blocked={outgoing.length > 0}
          toolbar={
            <>
              <DocumentScope scope={conversation} onChange={change} />
              <RememberSwitch
                checked={conversation.memory_enabled}
                onChange={(memory_enabled) => change({ memory_enabled })}
                messageRemembered={remembered}
                onMessageChange={setRemembered}
              />
              <ChatSettings
                settings={conversation}
                usage={totalUsage(messages)}
                onSave={async (asking) => {
                  try {
                    await changeConversation.mutateAsync({ id: conversationId, change: asking });
                    return true;
                  } catch {
                    return false;
                  }
                }}
              />
              <span className="flex-1" />
              <ModelMenu />
            </>
          }
        />
      </div>
    </>
  );
}
