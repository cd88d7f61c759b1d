import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import type { SocketClient } from "@/lib/socket-client";
import { createLiveAnswers, type LiveAnswers } from "./live-answers";
import { createOutbox, type Outbox } from "./outbox";

type Chat = {
  socket: SocketClient;
  liveAnswers: LiveAnswers;
  outbox: Outbox;
  /** Where this user's draft of a message, and of a message's new words, is stored. */
  draftKey: (conversationId: string | null) => string;
  editDraftKey: (messageId: string) => string;
};

const ChatContext = createContext<Chat | null>(null);

type ChatProviderProps = { socket: SocketClient; userId: string; children: ReactNode };

/** Lives as long as the user is logged in, so that answers go on while other pages are open. */
export function ChatProvider({ socket, userId, children }: ChatProviderProps) {
  const queryClient = useQueryClient();
  const chat = useMemo<Chat>(
    () => ({
      socket,
      liveAnswers: createLiveAnswers(socket, queryClient),
      outbox: createOutbox(socket, queryClient, `user:${userId}:outbox`),
      editDraftKey: (messageId) => `user:${userId}:edit:${messageId}`,
      draftKey: (conversationId) => `user:${userId}:draft:${conversationId ?? "new"}`,
    }),
    [socket, queryClient, userId],
  );

  useEffect(() => {
    const stopAnswers = chat.liveAnswers.start();
    const stopOutbox = chat.outbox.start();
    return () => {
      stopAnswers();
      stopOutbox();
    };
  }, [chat]);

  return <ChatContext value={chat}>{children}</ChatContext>;
}

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error("useChat needs a ChatProvider above it");
  return chat;
}
