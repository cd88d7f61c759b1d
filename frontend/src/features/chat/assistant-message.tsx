import { CircleAlert, SearchX, TriangleAlert } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { modelLabel } from "@/lib/format";
import { strings } from "@/lib/strings";
import type { Citation, Message } from "@/types/api";
import { CitationsContext } from "./markdown/citations-context";
import { Markdown } from "./markdown/markdown";
import { closeOpenMarks } from "./markdown/open-marks";
import { RegenerateMenu } from "./regenerate-menu";

type AssistantMessageProps = {
  message: Message;
  /** What has arrived of an answer that is still being written. */
  liveText: string | null;
  branches: ReactNode;
  /** Shown under the answer: the past chats it recalled. */
  recalled: ReactNode;
  isDocumentGone: (citation: Citation) => boolean;
  onOpenCitation: (citation: Citation) => void;
  onRegenerate: (modelId?: string) => void;
};

export function AssistantMessage({
  message,
  liveText,
  branches,
  recalled,
  isDocumentGone,
  onOpenCitation,
  onRegenerate,
}: AssistantMessageProps) {
  const streaming = message.status === "streaming";
  const text = streaming && liveText !== null ? liveText : message.content;
  const citations = useMemo(
    () => ({
      byNumber: new Map(message.citations.map((citation) => [citation.n, citation])),
      streaming,
      isDocumentGone,
      open: onOpenCitation,
    }),
    [message.citations, streaming, isDocumentGone, onOpenCitation],
  );

  return (
    <article aria-label={strings.chat.assistant} data-status={message.status}>
      {message.no_answer && (
        <p className="mb-3 flex items-center gap-2 text-sm font-medium text-muted">
          <SearchX className="size-4" aria-hidden />
          {strings.chat.noAnswer}
        </p>
      )}
      <CitationsContext value={citations}>
        <Markdown text={streaming ? closeOpenMarks(text) : text} />
      </CitationsContext>
      {streaming && (
        <p className="streaming-caret mt-2 flex min-h-5 items-center text-sm text-muted">
          {text === "" && strings.chat.thinking}
        </p>
      )}
      <UnfinishedNote message={message} onRegenerate={onRegenerate} />
      <SupportNote citations={message.citations} />
      {recalled}
      {!streaming && (
        <div className="message-actions mt-2 -ml-2 flex flex-wrap items-center">
          {branches}
          <CopyButton label={strings.chat.copyAnswer} text={() => message.content} />
          <RegenerateMenu onRegenerate={onRegenerate} />
          {message.model !== null && (
            <span className="ml-1.5 text-xs text-muted">{modelLabel(message.model)}</span>
          )}
        </div>
      )}
    </article>
  );
}

/** Says in words which citations do not carry their statement; touch screens have no hovering. */
function SupportNote({ citations }: { citations: readonly Citation[] }) {
  const numbers = (support: Citation["support"]) =>
    citations.filter((citation) => citation.support === support).map(({ n }) => n);
  const unsupported = numbers("unsupported");
  const partial = numbers("partial");
  if (unsupported.length + partial.length === 0) return null;
  return (
    <p className="mt-4 flex items-start gap-2 text-[0.8125rem] leading-relaxed text-muted">
      <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      {[
        unsupported.length > 0 && strings.citations.unsupportedNote(unsupported),
        partial.length > 0 && strings.citations.partialNote(partial),
      ]
        .filter(Boolean)
        .join(" ")}
    </p>
  );
}

type UnfinishedNoteProps = Pick<AssistantMessageProps, "message" | "onRegenerate">;

/** Says why an answer ends where it does. */
function UnfinishedNote({ message, onRegenerate }: UnfinishedNoteProps) {
  if (message.status === "stopped") {
    return <p className="mt-3 text-sm text-muted">{strings.chat.stopped}</p>;
  }
  if (message.status !== "failed" && message.status !== "interrupted") return null;
  const sentence =
    message.error?.message ??
    (message.status === "failed" ? strings.chat.failed : strings.chat.interrupted);
  return (
    <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl bg-danger-soft px-3.5 py-2.5 text-sm">
      <CircleAlert className="size-4 shrink-0 text-danger" aria-hidden />
      <p className="min-w-48 flex-1">{sentence}</p>
      <Button size="small" onClick={() => onRegenerate()}>
        {strings.chat.regenerate}
      </Button>
    </div>
  );
}
