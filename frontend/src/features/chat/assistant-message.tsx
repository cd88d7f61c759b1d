import { SearchX, TriangleAlert } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { strings } from "@/lib/strings";
import type { Citation, Message } from "@/types/api";
import { AnswerDetails } from "./answer-details";
import { CitationsContext } from "./markdown/citations-context";
import { Markdown } from "./markdown/markdown";
import { closeOpenMarks } from "./markdown/open-marks";
import { RegenerateMenu } from "./regenerate-menu";
import { UnfinishedNote } from "./unfinished-note";

type AssistantMessageProps = {
  message: Message;
  /** What has arrived of an answer that is still being written. */
  liveText: string | null;
  branches: ReactNode;
  /** Shown always, unlike the actions. */
  mark: ReactNode;
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
  mark,
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
        <div className="mt-2 -ml-2 flex items-center">
          {mark}
          <div className="message-actions flex min-w-0 flex-wrap items-center">
            {branches}
            <CopyButton label={strings.chat.copyAnswer} text={() => message.content} />
            <RegenerateMenu onRegenerate={onRegenerate} />
            {message.model !== null && (
              <AnswerDetails message={message} model={message.model} />
            )}
          </div>
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
