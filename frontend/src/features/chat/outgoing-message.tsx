import { CircleAlert, Clock } from "lucide-react";
import { Button } from "@/components/ui/button";
import { strings } from "@/lib/strings";
import { useChat } from "./chat-context";
import { useModelChoice } from "./model-choice";
import type { OutgoingMessage as Outgoing } from "./outbox";
import { MessageBubble } from "./user-message";

/** A message the server has not confirmed yet, and what can be done about it. */
export function OutgoingMessage({ message }: { message: Outgoing }) {
  const { outbox } = useChat();
  const { modelId } = useModelChoice();
  return (
    <div className="flex flex-col items-end" data-testid="outgoing-message">
      <MessageBubble text={message.text} />
      <div
        className="mt-1.5 flex min-h-8 flex-wrap items-center justify-end gap-x-2 text-xs"
        role="status"
      >
        {message.state === "sending" && <span className="text-muted">{strings.chat.sending}</span>}
        {(message.state === "waiting" || message.state === "queued") && (
          <>
            <Clock className="size-3.5 text-muted" aria-hidden />
            <span className="text-muted">
              {message.state === "waiting" ? strings.chat.waiting : strings.chat.queued}
            </span>
          </>
        )}
        {message.state === "refused" && (
          <>
            <CircleAlert className="size-3.5 text-danger" aria-hidden />
            <span className="text-danger">
              {strings.chat.notSent}. {message.error}
            </span>
            <Button size="small" onClick={() => outbox.retry(message.clientId, modelId)}>
              {strings.actions.retry}
            </Button>
          </>
        )}
        {message.state !== "sending" && (
          <Button size="small" variant="ghost" onClick={() => outbox.discard(message.clientId)}>
            {strings.chat.discard}
          </Button>
        )}
      </div>
    </div>
  );
}
