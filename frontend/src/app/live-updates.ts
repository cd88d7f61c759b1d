import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { dropCollection, storeCollection } from "@/lib/queries/collections";
import { storeConversation } from "@/lib/queries/conversations";
import { dropDocument, storeDocument } from "@/lib/queries/documents";
import { queryKeys } from "@/lib/queries/keys";
import type { SocketClient } from "@/lib/socket-client";

/** Keeps the query cache in step with what the server tells, in every open tab. */
export function useLiveUpdates(socket: SocketClient): void {
  const queryClient = useQueryClient();

  useEffect(() => {
    const stops = [
      socket.on("document_updated", ({ document }) => storeDocument(queryClient, document)),
      socket.on("document_deleted", ({ document_id }) => dropDocument(queryClient, document_id)),
      socket.on("conversation_updated", ({ conversation }) =>
        storeConversation(queryClient, conversation),
      ),
      socket.on("collection_updated", ({ collection }) =>
        storeCollection(queryClient, collection),
      ),
      socket.on("collection_deleted", ({ collection_id }) =>
        dropCollection(queryClient, collection_id),
      ),
      socket.connection.subscribe(() => {
        // What happened before, while pages were loading or the connection was lost, was not told.
        if (socket.connection.get() === "connected") refreshAll(queryClient);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [socket, queryClient]);
}

function refreshAll(queryClient: QueryClient): void {
  // Exact: page texts and highlights, which lie under the same key, never change.
  void queryClient.invalidateQueries({ queryKey: queryKeys.documents, exact: true });
  void queryClient.invalidateQueries({ queryKey: queryKeys.collections });
  void queryClient.invalidateQueries({ queryKey: queryKeys.conversations });
  void queryClient.invalidateQueries({ queryKey: queryKeys.conversationDetails });
}
