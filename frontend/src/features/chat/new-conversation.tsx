import { type ReactNode, useEffect, useRef, useState } from "react";
import type { ConversationChange } from "@/lib/queries/conversations";
import { useStore } from "@/lib/store";
import { useChat } from "./chat-context";
import { ChatSettings } from "./chat-settings";
import { Composer } from "./composer";
import { DocumentScope } from "./document-scope";
import { useModelChoice } from "./model-choice";
import { ModelMenu } from "./model-menu";
import { OutgoingMessage } from "./outgoing-message";
import { RememberSwitch } from "./remember-switch";

type NewConversationProps = {
  onCreated: (conversationId: string) => void;
  /** What stands above and below the composer. */
  heading: ReactNode;
  footer: (state: { onlyQuotes: boolean }) => ReactNode;
};

/** The start of a chat: it comes into being with its first message, once that can be sent. */
export function NewConversation({ onCreated, heading, footer }: NewConversationProps) {
  const { outbox, draftKey } = useChat();
  const { modelId, onlyQuotes } = useModelChoice();
  const [settings, setSettings] = useState<ConversationChange>({});
  const [remembered, setRemembered] = useState(true);
  const outgoing = useStore(outbox.store);
  const beginning = outgoing.filter(({ conversationId }) => conversationId === null);
  const begunRef = useRef(new Set<string>());

  useEffect(() => {
    for (const { clientId, conversationId } of outgoing) {
      if (conversationId === null) begunRef.current.add(clientId);
      else if (begunRef.current.delete(clientId)) onCreated(conversationId);
    }
  }, [outgoing, onCreated]);

  return (
    <div className="scroll-quiet flex-1 overflow-y-auto">
      <div className="mx-auto flex min-h-full w-full max-w-184 flex-col justify-center px-4 py-8 sm:px-6">
        {beginning.length === 0 && heading}
        {beginning.map((message) => (
          <div key={message.clientId} className="mb-6">
            <OutgoingMessage message={message} />
          </div>
        ))}
        <Composer
          draftKey={draftKey(null)}
          onSend={(text) => {
            outbox.send({ conversationId: null, settings, text, model: modelId, remembered });
            setRemembered(true);
            return true;
          }}
          onStop={null}
          blocked={beginning.length > 0}
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
                messageRemembered={remembered}
                onMessageChange={setRemembered}
              />
              <ChatSettings
                settings={{
                  system_prompt: settings.system_prompt ?? null,
                  temperature: settings.temperature ?? null,
                  max_answer_tokens: settings.max_answer_tokens ?? null,
                }}
                usage={null}
                onSave={(asking) => {
                  setSettings((known) => ({ ...known, ...asking }));
                  return Promise.resolve(true);
                }}
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
