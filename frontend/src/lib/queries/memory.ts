import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, isStatus } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import type { Memory, MemoryStats } from "@/types/api";

/** Null when this server keeps no memory. */
export function useMemoryStats() {
  return useQuery({
    queryKey: queryKeys.memoryStats,
    queryFn: async ({ signal }) => {
      try {
        return await api.get<MemoryStats>("/api/memory/stats", signal);
      } catch (error) {
        if (isStatus(error, 404)) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });
}

export function useMemorySearch(query: string) {
  return useQuery({
    queryKey: queryKeys.memorySearch(query),
    queryFn: async ({ signal }) =>
      (
        await api.get<{ items: Memory[] }>(
          `/api/memory/search?q=${encodeURIComponent(query)}`,
          signal,
        )
      ).items,
    enabled: query !== "",
  });
}

export function useForget() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (messageId: string) => api.delete(`/api/memory/${encodeURIComponent(messageId)}`),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.memory }),
  });
}

export function useForgetAll() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => api.delete("/api/memory"),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.memory }),
  });
}
