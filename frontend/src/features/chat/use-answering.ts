import { useQueryClient } from "@tanstack/react-query";
import { queryKeys } from "@/lib/queries/keys";
import { showError } from "@/lib/toasts";
import type { Message } from "@/types/api";
import { useChat } from "./chat-context";

type Answering = {
  stop: (messageId: string) => Promise<void>;
  /** Both resolve to whether a new branch was started. */
  regenerate: (message: Message, modelId?: string) => Promise<boolean>;
  edit: (message: Message, text: string, modelId: string, clientId: string) => Promise<boolean>;
};

/** What can be asked of the server about a message that exists. */
export function useAnswering(conversationId: string): Answering {
  const { socket } = useChat();
  const queryClient = useQueryClient();

  const started = async (request: Promise<unknown>): Promise<boolean> => {
    try {
      await request;
      await queryClient.invalidateQueries({ queryKey: queryKeys.conversation(conversationId) });
      return true;
    } catch (error) {
      showError(error);
      return false;
    }
  };

  return {
    async stop(messageId) {
      try {
        await socket.request("chat_stop", { message_id: messageId });
      } catch (error) {
        showError(error);
      }
    },
    regenerate: (message, modelId) =>
      started(
        socket.request("chat_regenerate", {
          message_id: message.id,
          ...(modelId === undefined ? {} : { model: modelId }),
        }),
      ),
    edit: (message, text, modelId, clientId) =>
      started(
        socket.request("chat_edit", {
          message_id: message.id,
          message: text,
          model: modelId,
          client_id: clientId,
        }),
      ),
  };
}
