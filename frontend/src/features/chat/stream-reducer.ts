import { codePointLength, sliceCodePoints } from "@/lib/code-points";
import type { Message } from "@/types/api";

/** An answer that is being written, as far as this page has received it. */
export type LiveAnswer = {
  conversationId: string;
  messageId: string;
  text: string;
  /** Code points in `text`: the offset the next chunk should have. */
  length: number;
  /** Chunks from beyond a gap, kept until the resumed text reaches them. */
  pending: readonly Chunk[];
  /** Something is missing: the text so far has to be asked for (chat_resume). */
  needsResume: boolean;
};

type Chunk = { offset: number; text: string };

/** Answers being written, by message id. */
export type StreamState = Readonly<Record<string, LiveAnswer>>;

export type StreamEvent =
  | { type: "started"; conversationId: string; messageId: string }
  | { type: "chunk"; conversationId: string; messageId: string; offset: number; text: string }
  /** The server's text so far: a reply to chat_resume. */
  | { type: "resumed"; message: Message }
  /** A message found streaming when its conversation was loaded. */
  | { type: "found"; message: Message }
  | { type: "disconnected" }
  | { type: "closed"; messageId: string };

export const initialStreamState: StreamState = {};

export function streamReducer(state: StreamState, event: StreamEvent): StreamState {
  switch (event.type) {
    case "started":
      return event.messageId in state
        ? state
        : put(state, emptyAnswer(event.conversationId, event.messageId));

    case "chunk": {
      const answer = state[event.messageId] ?? emptyAnswer(event.conversationId, event.messageId);
      const received = receive(answer, event);
      return received === state[event.messageId] ? state : put(state, received);
    }

    case "found":
      return event.message.id in state
        ? state
        : put(state, { ...answerFrom(event.message), needsResume: true });

    case "resumed": {
      const { message } = event;
      if (message.status !== "streaming") return remove(state, message.id);
      return put(state, resume(state[message.id], message));
    }

    case "disconnected":
      return Object.fromEntries(
        Object.entries(state).map(([id, answer]) => [id, { ...answer, needsResume: true }]),
      );

    case "closed":
      return remove(state, event.messageId);
  }
}

/** Appends what is new in the chunk; what was already received is ignored, a gap is remembered. */
function receive(answer: LiveAnswer, { offset, text }: Chunk): LiveAnswer {
  if (offset > answer.length) {
    return { ...answer, pending: [...answer.pending, { offset, text }], needsResume: true };
  }
  const addition = sliceCodePoints(text, answer.length - offset);
  if (addition === "") return answer;
  return {
    ...answer,
    text: answer.text + addition,
    length: answer.length + codePointLength(addition),
  };
}

function resume(known: LiveAnswer | undefined, message: Message): LiveAnswer {
  const fetched = answerFrom(message);
  if (!known) return fetched;
  const base = fetched.length >= known.length ? fetched : known;
  const pending = [...known.pending].sort((a, b) => a.offset - b.offset);
  const settled: LiveAnswer = { ...base, pending: [], needsResume: false };
  return pending.reduce((answer, chunk) => {
    // Still beyond reach: let it go, the next chunk shows the gap again.
    return chunk.offset > answer.length ? answer : receive(answer, chunk);
  }, settled);
}

function emptyAnswer(conversationId: string, messageId: string): LiveAnswer {
  return { conversationId, messageId, text: "", length: 0, pending: [], needsResume: false };
}

function answerFrom(message: Message): LiveAnswer {
  return {
    ...emptyAnswer(message.conversation_id, message.id),
    text: message.content,
    length: codePointLength(message.content),
  };
}

function put(state: StreamState, answer: LiveAnswer): StreamState {
  return { ...state, [answer.messageId]: answer };
}

function remove(state: StreamState, messageId: string): StreamState {
  if (!(messageId in state)) return state;
  return Object.fromEntries(Object.entries(state).filter(([id]) => id !== messageId));
}
