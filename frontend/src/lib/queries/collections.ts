import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, getAll } from "@/lib/api-client";
import { storeDocument } from "@/lib/queries/documents";
import { queryKeys } from "@/lib/queries/keys";
import { showError } from "@/lib/toasts";
import type { Collection, DocumentRecord } from "@/types/api";

type CollectionAnswer = { collection: Collection };

function collectionPath(id: string, rest = ""): string {
  return `/api/collections/${encodeURIComponent(id)}${rest}`;
}

export function useCollections() {
  return useQuery({
    queryKey: queryKeys.collections,
    queryFn: ({ signal }) => getAll<Collection>("/api/collections", signal),
  });
}

/** Puts a collection the server told us about in its place in the list, which is by name. */
export function storeCollection(queryClient: QueryClient, collection: Collection): void {
  queryClient.setQueryData<Collection[]>(queryKeys.collections, (collections) =>
    collections
      ? [...collections.filter(({ id }) => id !== collection.id), collection].sort((a, b) =>
          a.name.localeCompare(b.name),
        )
      : collections,
  );
}

export function dropCollection(queryClient: QueryClient, collectionId: string): void {
  queryClient.setQueryData<Collection[]>(queryKeys.collections, (collections) =>
    collections?.filter(({ id }) => id !== collectionId),
  );
}

export function useCreateCollection() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (name: string) =>
      (await api.post<CollectionAnswer>("/api/collections", { name })).collection,
    onSuccess: (collection) => storeCollection(queryClient, collection),
  });
}

export function useRenameCollection() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, name }: { id: string; name: string }) =>
      api.patch<CollectionAnswer>(collectionPath(id), { name }),
    onSuccess: ({ collection }) => storeCollection(queryClient, collection),
  });
}

export function useDeleteCollection() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(collectionPath(id)),
    onSuccess: (_, id) => dropCollection(queryClient, id),
  });
}

type Membership = { document: DocumentRecord; collectionId: string; member: boolean };

/** Puts a document in a collection or takes it out; shown at once, put back if refused. */
export function useSetMembership() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async ({ document, collectionId, member }: Membership) => {
      const path = collectionPath(collectionId, `/documents/${encodeURIComponent(document.id)}`);
      if (member) await api.put(path, {});
      else await api.delete(path);
    },
    onMutate: (membership) => applyMembership(queryClient, membership),
    onError: (error, membership) => {
      applyMembership(queryClient, { ...membership, member: !membership.member });
      showError(error);
    },
  });
}

function applyMembership(
  queryClient: QueryClient,
  { document, collectionId, member }: Membership,
): void {
  // The newest state: another box may have been ticked meanwhile.
  const known = queryClient
    .getQueryData<DocumentRecord[]>(queryKeys.documents)
    ?.find(({ id }) => id === document.id);
  if (!known) return;
  const others = known.collection_ids.filter((id) => id !== collectionId);
  storeDocument(queryClient, {
    ...known,
    collection_ids: member ? [...others, collectionId] : others,
  });
}
