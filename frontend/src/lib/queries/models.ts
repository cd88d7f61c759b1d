import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import type { Model, ProviderKeys, SearchModel } from "@/types/api";

export const BUILT_IN_MODEL = "builtin:quotes";

export function useModels() {
  return useQuery({
    queryKey: queryKeys.models,
    queryFn: async ({ signal }) => (await api.get<{ items: Model[] }>("/api/models", signal)).items,
    staleTime: 60_000,
  });
}

const CHANGE_INTERVAL_MS = 5_000;

/** Which model finds passages; asked again and again while it is being changed. */
export function useSearchModel() {
  return useQuery({
    queryKey: queryKeys.searchModel,
    queryFn: ({ signal }) => api.get<SearchModel>("/api/search-model", signal),
    refetchInterval: ({ state }) => (state.data?.next ? CHANGE_INTERVAL_MS : false),
  });
}

export function useProviderKeys() {
  return useQuery({
    queryKey: queryKeys.providerKeys,
    queryFn: ({ signal }) => api.get<ProviderKeys>("/api/settings/api-keys", signal),
  });
}

function providerPath(provider: string): string {
  return `/api/settings/api-keys/${encodeURIComponent(provider)}`;
}

function useRefreshModels() {
  const queryClient = useQueryClient();
  return () =>
    Promise.all([
      queryClient.invalidateQueries({ queryKey: queryKeys.providerKeys }),
      queryClient.invalidateQueries({ queryKey: queryKeys.models }),
    ]);
}

export function useSaveProvider(provider: string) {
  return useMutation({
    mutationFn: (settings: { key?: string; base_url: string | null }) =>
      api.put(providerPath(provider), settings),
    onSuccess: useRefreshModels(),
  });
}

export function useRemoveProvider(provider: string) {
  return useMutation({
    mutationFn: () => api.delete(providerPath(provider)),
    onSuccess: useRefreshModels(),
  });
}
