import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { storeConversation } from "@/lib/queries/conversations";
import { dropDocument, storeDocument } from "@/lib/queries/documents";
import { queryKeys } from "@/lib/queries/keys";
import type { SocketClient } from "@/lib/socket-client";

/** Keeps the query cache in step with what the server tells, in every open tab. */
export function useLiveUpdates(socket: SocketClient): void {
  const queryClient = useQueryClient();

  useEffect(() => {
    let wasLost = false;
    const stops = [
      socket.on("document_updated", ({ document }) => storeDocument(queryClient, document)),
      socket.on("document_deleted", ({ document_id }) => dropDocument(queryClient, document_id)),
      socket.on("conversation_updated", ({ conversation }) =>
        storeConversation(queryClient, conversation),
      ),
      socket.connection.subscribe(() => {
        const state = socket.connection.get();
        if (state === "connected" && wasLost) {
          // What happened meanwhile was not told.
          for (const queryKey of [
            queryKeys.documents,
            queryKeys.conversations,
            queryKeys.conversationDetails,
          ]) {
            void queryClient.invalidateQueries({ queryKey, exact: queryKey === queryKeys.documents });
          }
        }
        wasLost = state === "lost";
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [socket, queryClient]);
}
