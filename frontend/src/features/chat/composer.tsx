import { ArrowUp, Square } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { Tooltip } from "@/components/ui/tooltip";
import { strings } from "@/lib/strings";
import { useDraft } from "./drafts";
import { appendTo } from "./fill-template";
import { PromptMenu } from "./prompt-menu";

export const COMPOSER_ID = "composer";

type ComposerProps = {
  draftKey: string;
  /** Resolves to false when the text must stay, because nothing could be done with it. */
  onSend: (text: string) => boolean | Promise<boolean>;
  /** Given while an answer is being written: sending waits, stopping is offered. */
  onStop: (() => void) | null;
  /** Writing goes on, sending does not: an earlier message is still on its way. */
  blocked?: boolean;
  toolbar: ReactNode;
};

/** Where a message is written. Enter sends, Shift+Enter breaks the line. */
export function Composer({ draftKey, onSend, onStop, blocked = false, toolbar }: ComposerProps) {
  const [text, setText] = useDraft(draftKey);
  const textareaRef = useRef<HTMLTextAreaElement>(null);
  const sendingRef = useRef(false);
  const hintId = useId();
  const canSend = text.trim() !== "" && onStop === null && !blocked;

  useEffect(() => {
    // Keyboards on screens would cover half of it; elsewhere one can type at once.
    if (window.matchMedia("(pointer: fine)").matches) textareaRef.current?.focus();
  }, [draftKey]);

  const send = async () => {
    if (!canSend || sendingRef.current) return;
    sendingRef.current = true;
    try {
      if (await onSend(text.trim())) setText("");
    } finally {
      sendingRef.current = false;
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes a character, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };

  return (
    <form
      className="@container/composer rounded-2xl border border-line-strong bg-surface shadow-[0_1px_3px_rgb(0_0_0/0.05)] transition-shadow focus-within:border-accent"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <textarea
        id={COMPOSER_ID}
        ref={textareaRef}
        rows={1}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        aria-label={strings.chat.composerLabel}
        aria-describedby={hintId}
        placeholder={strings.chat.placeholder}
        className="scroll-quiet block field-sizing-content max-h-60 min-h-12 w-full resize-none bg-transparent px-4 pt-3.5 pb-1 text-[0.9688rem] leading-relaxed outline-none placeholder:text-muted"
      />
      <span id={hintId} className="sr-only">
        {strings.chat.composerHint}
      </span>
      <div className="flex items-center gap-1 p-2">
        <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-0.5">
          <PromptMenu
            onInsert={(inserted) => {
              setText(appendTo(text, inserted));
              textareaRef.current?.focus();
            }}
          />
          {toolbar}
        </div>
        {onStop ? (
          <SubmitButton
            label={strings.chat.stop}
            icon={<Square className="size-3.5 fill-current" aria-hidden />}
            onClick={onStop}
          />
        ) : (
          <SubmitButton
            label={strings.chat.send}
            icon={<ArrowUp className="size-4.5" aria-hidden />}
            disabled={!canSend}
          />
        )}
      </div>
    </form>
  );
}

type SubmitButtonProps = {
  label: string;
  icon: ReactNode;
  disabled?: boolean;
  /** Without it the button submits the form. */
  onClick?: () => void;
};

function SubmitButton({ label, icon, disabled, onClick }: SubmitButtonProps) {
  return (
    <Tooltip label={label} side="top">
      <button
        type={onClick ? "button" : "submit"}
        aria-label={label}
        disabled={disabled}
        onClick={onClick}
        className="inline-flex size-9 shrink-0 cursor-pointer items-center justify-center self-end rounded-xl bg-accent text-on-accent transition-colors hover:bg-accent-strong disabled:cursor-default disabled:bg-subtle disabled:text-muted"
      >
        {icon}
      </button>
    </Tooltip>
  );
}
