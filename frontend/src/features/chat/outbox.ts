import type { QueryClient } from "@tanstack/react-query";
import { errorSentence } from "@/lib/api-client";
import { readAllStored, writeStored } from "@/lib/browser-storage";
import { storeMessages } from "@/lib/queries/conversations";
import { queryKeys } from "@/lib/queries/keys";
import { randomId } from "@/lib/random-id";
import { isConnectionProblem, type SocketClient } from "@/lib/socket-client";
import { createStore, type Store } from "@/lib/store";
import type { Message } from "@/types/api";

/** A message the server has not confirmed yet. */
export type OutgoingMessage = {
  /** Sent with every attempt, so that a repeated one starts nothing twice. */
  clientId: string;
  conversationId: string;
  text: string;
  model: string;
  /** The message it follows; null when it is the first. */
  parentId: string | null;
  /** Whether it leaves the newest branch, so that the server must be told the parent. */
  branches: boolean;
  state: "sending" | "waiting" | "refused";
  error: string | null;
  createdAt: string;
};

export type NewMessage = Pick<
  OutgoingMessage,
  "conversationId" | "text" | "model" | "parentId" | "branches"
>;

/** Messages on their way: shown at once, kept over reloads, sent when there is a connection. */
export type Outbox = {
  store: Store<OutgoingMessage[]>;
  send: (message: NewMessage) => void;
  retry: (clientId: string) => void;
  discard: (clientId: string) => void;
  start: () => () => void;
};

export function createOutbox(
  socket: SocketClient,
  queryClient: QueryClient,
  storageKey: string,
): Outbox {
  const store = createStore<OutgoingMessage[]>(restore(storageKey));

  /** Each message has a key of its own, so that tabs do not overwrite each other's. */
  function keep(message: OutgoingMessage): void {
    writeStored(`${storageKey}:${message.clientId}`, JSON.stringify(message));
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
      const ack = await socket.request("chat_message", {
        conversation_id: message.conversationId,
        message: message.text,
        model: message.model,
        client_id: message.clientId,
        ...(message.branches && message.parentId !== null ? { parent_id: message.parentId } : {}),
      });
      await confirm(message, ack.user_message_id, ack.assistant_message_id);
    } catch (error) {
      if (isConnectionProblem(error) && socket.connection.get() !== "connected") {
        patch(message.clientId, { state: "waiting", error: null });
      } else {
        patch(message.clientId, { state: "refused", error: errorSentence(error) });
      }
    }
  }

  /** Hands the message over to the conversation, without a moment in which it is in neither. */
  async function confirm(
    message: OutgoingMessage,
    userMessageId: string,
    assistantMessageId: string,
  ): Promise<void> {
    const queryKey = queryKeys.conversation(message.conversationId);
    await queryClient.cancelQueries({ queryKey });
    storeMessages(queryClient, message.conversationId, confirmedMessages());
    discard(message.clientId);
    void queryClient.invalidateQueries({ queryKey });

    function confirmedMessages(): Message[] {
      const shared = {
        conversation_id: message.conversationId,
        error: null,
        citations: [],
        memories: [],
        no_answer: false,
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
      if (message.state === "waiting") await attempt(message);
    }
  }

  return {
    store,
    discard,
    send(message) {
      const outgoing: OutgoingMessage = {
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
    retry(clientId) {
      const message = store.get().find((candidate) => candidate.clientId === clientId);
      if (message) void attempt(message);
    },
    start() {
      void sendWaiting();
      return socket.connection.subscribe(() => void sendWaiting());
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
