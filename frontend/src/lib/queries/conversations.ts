import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, getAll } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import { showError } from "@/lib/toasts";
import type { Conversation, ConversationDetail, Message } from "@/types/api";

type ConversationAnswer = { conversation: Conversation };

export type ConversationChange = Partial<
  Pick<
    Conversation,
    | "title"
    | "memory_enabled"
    | "document_ids"
    | "collection_ids"
    | "system_prompt"
    | "temperature"
    | "max_answer_tokens"
  >
>;

function conversationPath(id: string): string {
  return `/api/conversations/${encodeURIComponent(id)}`;
}

export const EXPORT_FORMATS = ["markdown", "pdf", "json"] as const;

/** A file to download: the branch that ends with the message, as JSON all branches. */
export function conversationExportUrl(
  id: string,
  format: (typeof EXPORT_FORMATS)[number],
  messageId: string,
): string {
  const query = new URLSearchParams({ format, message_id: messageId });
  return `${conversationPath(id)}/export?${query.toString()}`;
}

export function useConversations() {
  return useQuery({
    queryKey: queryKeys.conversations,
    queryFn: ({ signal }) => getAll<Conversation>("/api/conversations", signal),
  });
}

/** Several parts of the page may use it: the conversation is loaded once. */
export function useConversation(id: string | null) {
  return useQuery({
    queryKey: queryKeys.conversation(id ?? ""),
    queryFn: ({ signal }) => api.get<ConversationDetail>(conversationPath(id ?? ""), signal),
    enabled: id !== null,
  });
}

/** Updates the conversation wherever the cache holds it. */
export function storeConversation(queryClient: QueryClient, conversation: Conversation): void {
  queryClient.setQueryData<Conversation[]>(queryKeys.conversations, (conversations) =>
    conversations
      ? [conversation, ...conversations.filter(({ id }) => id !== conversation.id)]
      : conversations,
  );
  queryClient.setQueryData<ConversationDetail>(
    queryKeys.conversation(conversation.id),
    (detail) => detail && { ...detail, conversation },
  );
}

/** Adds messages the cache does not have yet and replaces those it has. */
export function storeMessages(
  queryClient: QueryClient,
  conversationId: string,
  messages: Message[],
): void {
  queryClient.setQueryData<ConversationDetail>(queryKeys.conversation(conversationId), (detail) => {
    if (!detail) return detail;
    const updates = new Map(messages.map((message) => [message.id, message]));
    const kept = detail.messages.map((message) => {
      const update = updates.get(message.id);
      updates.delete(message.id);
      return update ?? message;
    });
    return { ...detail, messages: [...kept, ...updates.values()] };
  });
}

export async function createConversation(
  queryClient: QueryClient,
  settings: ConversationChange,
): Promise<Conversation> {
  const { conversation } = await api.post<ConversationAnswer>("/api/conversations", settings);
  storeConversation(queryClient, conversation);
  queryClient.setQueryData<ConversationDetail>(queryKeys.conversation(conversation.id), {
    conversation,
    messages: [],
  });
  return conversation;
}

/** Shown at once; put back if the server refuses. */
export function useChangeConversation() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, change }: { id: string; change: ConversationChange }) =>
      api.patch<ConversationAnswer>(conversationPath(id), change),
    onMutate: ({ id, change }) => {
      const before = queryClient
        .getQueryData<Conversation[]>(queryKeys.conversations)
        ?.find((conversation) => conversation.id === id);
      if (before) replaceInPlace(queryClient, { ...before, ...change });
      return { before };
    },
    onSuccess: ({ conversation }) => replaceInPlace(queryClient, conversation),
    onError: (error, _, context) => {
      if (context?.before) replaceInPlace(queryClient, context.before);
      showError(error);
    },
  });
}

function replaceInPlace(queryClient: QueryClient, conversation: Conversation): void {
  queryClient.setQueryData<Conversation[]>(queryKeys.conversations, (conversations) =>
    conversations?.map((known) => (known.id === conversation.id ? conversation : known)),
  );
  queryClient.setQueryData<ConversationDetail>(
    queryKeys.conversation(conversation.id),
    (detail) => detail && { ...detail, conversation },
  );
}

export function useDeleteConversation() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(conversationPath(id)),
    onSuccess: (_, id) => {
      queryClient.setQueryData<Conversation[]>(queryKeys.conversations, (conversations) =>
        conversations?.filter((conversation) => conversation.id !== id),
      );
      queryClient.removeQueries({ queryKey: queryKeys.conversation(id) });
    },
    onError: showError,
  });
}
