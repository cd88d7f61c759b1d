import { useEffect, useRef } from "react";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import { useChat } from "./chat-context";
import { finishedSentences } from "./sentences";

type AnswerAnnouncerProps = {
  /** The answer being written, or null. */
  messageId: string | null;
};

/** Reads an answer to screen readers sentence by sentence instead of word by word. */
export function AnswerAnnouncer({ messageId: answerId }: AnswerAnnouncerProps) {
  const { liveAnswers } = useChat();
  const answer = useStore(liveAnswers.store, (answers) =>
    answerId === null ? null : (answers[answerId] ?? null),
  );
  const regionRef = useRef<HTMLDivElement>(null);
  const spokenRef = useRef<{ messageId: string; upTo: number } | null>(null);

  useEffect(() => {
    const announce = (text: string) => {
      if (regionRef.current && text !== "") regionRef.current.textContent = text;
    };
    if (answer === null) {
      if (spokenRef.current) announce(strings.chat.answerReady);
      spokenRef.current = null;
      return;
    }
    const { messageId, text } = answer;
    const from = spokenRef.current?.messageId === messageId ? spokenRef.current.upTo : 0;
    const { sentences, next } = finishedSentences(text, from);
    announce(sentences);
    spokenRef.current = { messageId, upTo: next };
  }, [answer]);

  return <div ref={regionRef} role="status" aria-live="polite" className="sr-only" />;
}
