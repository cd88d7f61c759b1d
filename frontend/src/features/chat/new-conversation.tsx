import { type ReactNode, useState } from "react";
import { type ConversationChange, useCreateConversation } from "@/lib/queries/conversations";
import { showError } from "@/lib/toasts";
import type { Conversation } from "@/types/api";
import { useChat } from "./chat-context";
import { Composer } from "./composer";
import { DocumentScope } from "./document-scope";
import { useModelChoice } from "./model-choice";
import { ModelMenu } from "./model-menu";
import { RememberSwitch } from "./remember-switch";

type NewConversationProps = {
  onCreated: (conversation: Conversation) => void;
  /** What stands above and below the composer. */
  heading: ReactNode;
  footer: (state: { onlyQuotes: boolean }) => ReactNode;
};

/** The start of a chat: it comes into being with its first message. */
export function NewConversation({ onCreated, heading, footer }: NewConversationProps) {
  const { outbox, draftKey } = useChat();
  const { modelId, onlyQuotes } = useModelChoice();
  const createConversation = useCreateConversation();
  const [settings, setSettings] = useState<ConversationChange>({});

  const send = async (text: string) => {
    try {
      const conversation = await createConversation.mutateAsync(settings);
      outbox.send({
        conversationId: conversation.id,
        text,
        model: modelId,
        parentId: null,
        branches: false,
      });
      onCreated(conversation);
      return true;
    } catch (error) {
      showError(error);
      return false;
    }
  };

  return (
    <div className="scroll-quiet flex-1 overflow-y-auto">
      <div className="mx-auto flex min-h-full w-full max-w-184 flex-col justify-center px-4 py-8 sm:px-6">
        {heading}
        <Composer
          draftKey={draftKey(null)}
          onSend={send}
          onStop={null}
          toolbar={
            <>
              <DocumentScope
                scope={{
                  document_ids: settings.document_ids ?? [],
                  collection_ids: settings.collection_ids ?? [],
                }}
                onChange={(scope) => setSettings((known) => ({ ...known, ...scope }))}
              />
              <RememberSwitch
                checked={settings.memory_enabled ?? true}
                onChange={(memory_enabled) =>
                  setSettings((known) => ({ ...known, memory_enabled }))
                }
              />
              <span className="flex-1" />
              <ModelMenu />
            </>
          }
        />
        {footer({ onlyQuotes })}
      </div>
    </div>
  );
}
