import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, getAll } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import type { DocumentRecord, PageHighlights, PageText } from "@/types/api";

type DocumentAnswer = { document: DocumentRecord };

export function documentPath(id: string, rest = ""): string {
  return `/api/documents/${encodeURIComponent(id)}${rest}`;
}

export function documentFileUrl(id: string): string {
  return documentPath(id, "/file");
}

export function useDocuments() {
  return useQuery({
    queryKey: queryKeys.documents,
    queryFn: ({ signal }) => getAll<DocumentRecord>("/api/documents", signal),
  });
}

/** Puts a document the server told us about in its place in the list: replaced, or first if new. */
export function storeDocument(queryClient: QueryClient, document: DocumentRecord): void {
  queryClient.setQueryData<DocumentRecord[]>(queryKeys.documents, (documents) => {
    if (!documents) return documents;
    return documents.some(({ id }) => id === document.id)
      ? documents.map((known) => (known.id === document.id ? document : known))
      : [document, ...documents];
  });
}

export function dropDocument(queryClient: QueryClient, documentId: string): void {
  queryClient.setQueryData<DocumentRecord[]>(queryKeys.documents, (documents) =>
    documents?.filter(({ id }) => id !== documentId),
  );
}

function useDocumentAction(action: "cancel" | "retry") {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.post<DocumentAnswer>(documentPath(id, `/${action}`)),
    onSuccess: ({ document }) => storeDocument(queryClient, document),
  });
}

export function useCancelDocument() {
  return useDocumentAction("cancel");
}

export function useRetryDocument() {
  return useDocumentAction("retry");
}

export function useDeleteDocument() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(documentPath(id)),
    onSuccess: (_, id) => dropDocument(queryClient, id),
  });
}

/** Page text never changes once extracted. */
export function pageTextQuery(documentId: string, page: number) {
  return {
    queryKey: queryKeys.pageText(documentId, page),
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      api.get<PageText>(documentPath(documentId, `/pages/${page}`), signal),
    staleTime: Infinity,
  };
}

export function highlightsQuery(documentId: string, page: number, start: number, end: number) {
  return {
    queryKey: queryKeys.highlights(documentId, page, start, end),
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      api.get<PageHighlights>(
        documentPath(documentId, `/highlights?page=${page}&start=${start}&end=${end}`),
        signal,
      ),
    staleTime: Infinity,
  };
}
