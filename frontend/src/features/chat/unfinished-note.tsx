import { CircleAlert, Info } from "lucide-react";
import { useEffect, useState } from "react";
import { Link } from "react-router";
import { Button } from "@/components/ui/button";
import { strings } from "@/lib/strings";
import type { Message } from "@/types/api";
import { useModelChoice } from "./model-choice";
import { type ProblemAction, problemActions, secondsToWait } from "./problem-actions";
import { OtherModelMenu } from "./regenerate-menu";

type UnfinishedNoteProps = { message: Message; onRegenerate: (modelId?: string) => void };

/** Says why an answer ends where it does, and offers what may help. */
export function UnfinishedNote({ message, onRegenerate }: UnfinishedNoteProps) {
  const { status, error, stop_reason: stopReason } = message;
  if (status === "failed" || status === "interrupted") {
    const unknownReason = status === "failed" ? strings.chat.failed : strings.chat.interrupted;
    const providerMessage = error?.details?.provider_message;
    return (
      <div className="mt-3 rounded-xl bg-danger-soft px-3.5 py-2.5 text-sm">
        <p className="flex items-start gap-2.5 leading-relaxed">
          <CircleAlert className="mt-0.5 size-4 shrink-0 text-danger" aria-hidden />
          {error?.message ?? unknownReason}
        </p>
        {typeof providerMessage === "string" && (
          <p className="mt-1 pl-6.5 text-[0.8125rem] [overflow-wrap:anywhere] text-muted">
            {strings.chat.providerSaid(providerMessage)}
          </p>
        )}
        <div className="mt-2 flex flex-wrap gap-2 pl-6.5">
          {problemActions(error).map((action) => (
            <ActionButton
              key={action}
              action={action}
              message={message}
              onRegenerate={onRegenerate}
            />
          ))}
        </div>
      </div>
    );
  }
  if (status === "stopped") {
    return <p className="mt-3 text-sm text-muted">{strings.chat.stopped}</p>;
  }
  if (status === "complete" && (stopReason === "length" || stopReason === "content_filter")) {
    return (
      <p className="mt-3 flex items-start gap-2 text-sm text-muted">
        <Info className="mt-0.5 size-4 shrink-0" aria-hidden />
        {strings.chat.stopReasons[stopReason]}
      </p>
    );
  }
  return null;
}

type ActionButtonProps = UnfinishedNoteProps & { action: ProblemAction };

function ActionButton({ action, message, onRegenerate }: ActionButtonProps) {
  const { models } = useModelChoice();
  switch (action) {
    case "retry":
      return <RetryButton message={message} onRegenerate={onRegenerate} />;
    case "other-model":
      if (!models.some(({ id, ready }) => ready && id !== message.model)) return null;
      return (
        <OtherModelMenu
          trigger={<Button size="small">{strings.chat.otherModel}</Button>}
          onChoose={onRegenerate}
        />
      );
    case "settings":
      return (
        <Button size="small" asChild>
          <Link to="/settings/models">{strings.chat.openSettings}</Link>
        </Button>
      );
    case "new-chat":
      return (
        <Button size="small" asChild>
          <Link to="/">{strings.chat.startNew}</Link>
        </Button>
      );
  }
}

/** Counts down while the provider wants to be left alone. */
function RetryButton({ message, onRegenerate }: UnfinishedNoteProps) {
  const { error, created_at: startedAt } = message;
  const [seconds, setSeconds] = useState(() => secondsToWait(error, startedAt, Date.now()));
  useEffect(() => {
    if (seconds === 0) return undefined;
    const timer = setTimeout(
      () => setSeconds(secondsToWait(error, startedAt, Date.now())),
      1_000,
    );
    return () => clearTimeout(timer);
  }, [seconds, error, startedAt]);
  return (
    <Button size="small" disabled={seconds > 0} onClick={() => onRegenerate()}>
      {seconds > 0 ? strings.chat.retryIn(seconds) : strings.chat.regenerate}
    </Button>
  );
}
