import type { QueryClient } from "@tanstack/react-query";
import { ApiError, connectionError, errorSentence } from "@/lib/api-client";
import { onRemovedElsewhere, readAllStored, readStored, writeStored } from "@/lib/browser-storage";
import {
  type ConversationChange,
  createConversation,
  storeMessages,
} from "@/lib/queries/conversations";
import { queryKeys } from "@/lib/queries/keys";
import { randomId } from "@/lib/random-id";
import { isConnectionProblem, type SocketClient } from "@/lib/socket-client";
import { createStore, type Store } from "@/lib/store";
import { oneTabAtATime } from "@/lib/tab-lock";
import type { Message } from "@/types/api";

/** A message the server has not confirmed yet. */
export type OutgoingMessage = {
  /** Sent with every attempt, so that a repeated one starts nothing twice. */
  clientId: string;
  /** Null until the chat that it begins exists. */
  conversationId: string | null;
  /** What that chat is to be like. */
  settings: ConversationChange;
  text: string;
  model: string;
  /** The message it follows; null when it is the first. */
  parentId: string | null;
  /** False: nothing is recalled for it, and neither it nor its answer is remembered. */
  remembered: boolean;
  /** Whether it leaves the newest branch, so that the server must be told the parent. */
  branches: boolean;
  /** `waiting` is for a connection or a log-in, `queued` for the answer being written. */
  state: "sending" | "waiting" | "queued" | "refused";
  error: string | null;
  createdAt: string;
};

export type NewMessage = Pick<OutgoingMessage, "conversationId" | "text" | "model"> &
  Partial<Pick<OutgoingMessage, "settings" | "parentId" | "branches" | "remembered">>;

/** How soon to ask again whether the conversation's running answer has ended. */
const BUSY_RETRY_MS = 1_500;

/** Messages on their way: shown at once, kept over reloads, sent when there is a connection. */
export type Outbox = {
  store: Store<OutgoingMessage[]>;
  send: (message: NewMessage) => void;
  /** Sends it again, to the model chosen meanwhile. */
  retry: (clientId: string, model: string) => void;
  discard: (clientId: string) => void;
  start: () => () => void;
};

export function createOutbox(
  socket: SocketClient,
  queryClient: QueryClient,
  storageKey: string,
): Outbox {
  const store = createStore<OutgoingMessage[]>(restore(storageKey));
  let retrying: ReturnType<typeof setTimeout> | undefined;

  /** Each message has a key of its own, so that tabs do not overwrite each other's. */
  function keep(message: OutgoingMessage): void {
    writeStored(`${storageKey}:${message.clientId}`, JSON.stringify(message));
  }

  function kept(clientId: string): OutgoingMessage | null {
    const stored = readStored(`${storageKey}:${clientId}`);
    return stored === null ? null : (JSON.parse(stored) as OutgoingMessage);
  }

  function patch(clientId: string, change: Partial<OutgoingMessage>): void {
    store.set((messages) =>
      messages.map((message) =>
        message.clientId === clientId ? { ...message, ...change } : message,
      ),
    );
  }

  function discard(clientId: string): void {
    writeStored(`${storageKey}:${clientId}`, null);
    store.set((messages) => messages.filter((message) => message.clientId !== clientId));
  }

  async function attempt(message: OutgoingMessage): Promise<void> {
    patch(message.clientId, { state: "sending", error: null });
    try {
      const conversationId = message.conversationId ?? (await begin(message));
      const ack = await socket.request("chat_message", {
        conversation_id: conversationId,
        message: message.text,
        model: message.model,
        client_id: message.clientId,
        ...(message.branches && message.parentId !== null ? { parent_id: message.parentId } : {}),
        // Without it, the message is like its conversation.
        ...(message.remembered ? {} : { memory_enabled: false }),
      });
      await confirm(message, conversationId, ack.user_message_id, ack.assistant_message_id);
    } catch (error) {
      if (isForLater(error)) {
        patch(message.clientId, { state: "waiting" });
      } else if (error instanceof ApiError && error.code === "busy") {
        patch(message.clientId, { state: "queued" });
        clearTimeout(retrying);
        retrying = setTimeout(() => void sendWaiting(), BUSY_RETRY_MS);
      } else {
        patch(message.clientId, { state: "refused", error: errorSentence(error) });
      }
    }
  }

  /** Creates the chat that the message begins; once, also when several tabs wait to send it. */
  async function begin(message: OutgoingMessage): Promise<string> {
    if (socket.connection.get() !== "connected") throw connectionError("network");
    return oneTabAtATime(message.clientId, async () => {
      const begunElsewhere = kept(message.clientId)?.conversationId;
      const id = begunElsewhere ?? (await createConversation(queryClient, message.settings)).id;
      keep({ ...message, conversationId: id });
      patch(message.clientId, { conversationId: id });
      return id;
    });
  }

  /** The next connection, perhaps after a log-in, will do. */
  function isForLater(error: unknown): boolean {
    if (isConnectionProblem(error)) return socket.connection.get() !== "connected";
    return error instanceof ApiError && error.code === "not_authenticated";
  }

  /** Hands the message over to the conversation, without a moment in which it is in neither. */
  async function confirm(
    message: OutgoingMessage,
    conversationId: string,
    userMessageId: string,
    assistantMessageId: string,
  ): Promise<void> {
    const queryKey = queryKeys.conversation(conversationId);
    await queryClient.cancelQueries({ queryKey });
    storeMessages(queryClient, conversationId, confirmedMessages());
    discard(message.clientId);
    void queryClient.invalidateQueries({ queryKey });

    function confirmedMessages(): Message[] {
      const shared = {
        conversation_id: conversationId,
        error: null,
        citations: [],
        memories: [],
        memories_state: null,
        remembered: message.remembered,
        no_answer: false,
        usage: null,
        left_out: null,
        stop_reason: null,
        created_at: message.createdAt,
      };
      return [
        {
          ...shared,
          id: userMessageId,
          parent_id: message.parentId,
          role: "user",
          content: message.text,
          status: "complete",
          model: null,
        },
        {
          ...shared,
          id: assistantMessageId,
          parent_id: userMessageId,
          role: "assistant",
          content: "",
          status: "streaming",
          model: message.model,
        },
      ];
    }
  }

  async function sendWaiting(): Promise<void> {
    for (const message of store.get()) {
      if (socket.connection.get() !== "connected") return;
      if (message.state === "waiting" || message.state === "queued") await attempt(message);
    }
  }

  return {
    store,
    discard,
    send(message) {
      const outgoing: OutgoingMessage = {
        settings: {},
        parentId: null,
        branches: false,
        remembered: true,
        ...message,
        clientId: randomId(),
        state: "sending",
        error: null,
        createdAt: new Date().toISOString(),
      };
      keep(outgoing);
      store.set((messages) => [...messages, outgoing]);
      void attempt(outgoing);
    },
    retry(clientId, model) {
      const message = store.get().find((candidate) => candidate.clientId === clientId);
      if (!message) return;
      const changed = { ...message, model };
      keep(changed);
      patch(clientId, { model });
      void attempt(changed);
    },
    start() {
      void sendWaiting();
      const stops = [
        socket.connection.subscribe(() => void sendWaiting()),
        // Another tab has sent or discarded it.
        onRemovedElsewhere(`${storageKey}:`, (key) => {
          store.set((messages) =>
            messages.filter(({ clientId }) => key !== `${storageKey}:${clientId}`),
          );
        }),
      ];
      return () => {
        clearTimeout(retrying);
        for (const stop of stops) stop();
      };
    },
  };
}

/** What an earlier page left behind waits to be sent, whatever its state was. */
function restore(storageKey: string): OutgoingMessage[] {
  return readAllStored(`${storageKey}:`)
    .map((stored): OutgoingMessage => {
      const message = JSON.parse(stored) as OutgoingMessage;
      return { ...message, state: "waiting", error: null };
    })
    .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
}
