import type { QueryClient } from "@tanstack/react-query";
import { storeMessages } from "@/lib/queries/conversations";
import { queryKeys } from "@/lib/queries/keys";
import type { SocketClient } from "@/lib/socket-client";
import { createStore, type Store } from "@/lib/store";
import type { ConversationDetail, Message, WireError } from "@/types/api";
import {
  initialStreamState,
  type StreamEvent,
  type StreamState,
  streamReducer,
} from "./stream-reducer";

/** Feeds the stream reducer from the socket and asks again for what is missing. */
export type LiveAnswers = {
  store: Store<StreamState>;
  /** Follows an answer that was already being written when the page learned of it. */
  follow: (message: Message) => void;
  start: () => () => void;
};

export function createLiveAnswers(socket: SocketClient, queryClient: QueryClient): LiveAnswers {
  const store = createStore<StreamState>(initialStreamState);
  const resuming = new Set<string>();
  let queued: StreamEvent[] = [];
  let frame: number | null = null;

  /** Chunks come faster than the screen draws: they are applied once a frame. */
  function enqueue(event: StreamEvent): void {
    queued.push(event);
    frame ??= requestAnimationFrame(flush);
    // A tab in the background draws no frames.
    if (document.hidden) flush();
  }

  function flush(): void {
    if (frame !== null) cancelAnimationFrame(frame);
    frame = null;
    const events = queued;
    queued = [];
    if (events.length > 0) store.set((state) => events.reduce(streamReducer, state));
    resumeMissing();
  }

  function dispatch(event: StreamEvent): void {
    queued.push(event);
    flush();
  }

  function resumeMissing(): void {
    if (socket.connection.get() !== "connected") return;
    for (const { messageId, conversationId, needsResume } of Object.values(store.get())) {
      if (needsResume && !resuming.has(messageId)) void resume(messageId, conversationId);
    }
  }

  async function resume(messageId: string, conversationId: string): Promise<void> {
    resuming.add(messageId);
    try {
      const { message } = await socket.request("chat_resume", { message_id: messageId });
      if (message.status !== "streaming") storeMessages(queryClient, conversationId, [message]);
      resuming.delete(messageId);
      dispatch({ type: "resumed", message });
    } catch {
      resuming.delete(messageId);
      // Lost again: the next connect retries. Refused: the stored message is the truth.
      if (socket.connection.get() === "connected") {
        dispatch({ type: "closed", messageId });
        refetch(conversationId);
      }
    }
  }

  function refetch(conversationId: string): void {
    void queryClient.invalidateQueries({ queryKey: queryKeys.conversation(conversationId) });
  }

  /** Reads a conversation again in which another tab has asked something. Returns whether it did. */
  function fetchUnknown(conversationId: string, messageId: string): boolean {
    const detail = queryClient.getQueryData<ConversationDetail>(
      queryKeys.conversation(conversationId),
    );
    if (detail?.messages.some(({ id }) => id === messageId)) return false;
    refetch(conversationId);
    return true;
  }

  function fail(conversationId: string, messageId: string, error: WireError): void {
    flush();
    const text = store.get()[messageId]?.text;
    queryClient.setQueryData<ConversationDetail>(
      queryKeys.conversation(conversationId),
      (detail) =>
        detail && {
          ...detail,
          messages: detail.messages.map((message) =>
            message.id === messageId
              ? { ...message, status: "failed", error, content: text ?? message.content }
              : message,
          ),
        },
    );
    dispatch({ type: "closed", messageId });
    refetch(conversationId);
  }

  function start(): () => void {
    const stops = [
      socket.on("chat_response_start", ({ conversation_id, message_id }) => {
        dispatch({ type: "started", conversationId: conversation_id, messageId: message_id });
        fetchUnknown(conversation_id, message_id);
      }),
      socket.on("chat_response_chunk", ({ conversation_id, message_id, offset, text }) => {
        if (!(message_id in store.get())) fetchUnknown(conversation_id, message_id);
        enqueue({
          type: "chunk",
          conversationId: conversation_id,
          messageId: message_id,
          offset,
          text,
        });
      }),
      socket.on("chat_response_end", ({ conversation_id, message }) => {
        // Its question may be unknown as well: only the whole conversation makes sense of it.
        if (!fetchUnknown(conversation_id, message.id)) {
          storeMessages(queryClient, conversation_id, [message]);
        }
        dispatch({ type: "closed", messageId: message.id });
      }),
      socket.on("chat_response_error", ({ conversation_id, message_id, error }) =>
        fail(conversation_id, message_id, error),
      ),
      socket.connection.subscribe(() => {
        if (socket.connection.get() === "lost") dispatch({ type: "disconnected" });
        else resumeMissing();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      if (frame !== null) cancelAnimationFrame(frame);
      frame = null;
    };
  }

  return { store, follow: (message) => dispatch({ type: "found", message }), start };
}
