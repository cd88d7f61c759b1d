import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import { usePreferences } from "@/lib/queries/preferences";
import { useServerConfig } from "@/lib/queries/session";
import type { Memory, MemoryStats } from "@/types/api";

/** A file to download. */
export const MEMORY_EXPORT_URL = "/api/memory/export";

/** By whom memory is switched off altogether, if it is; null while that is not known. */
export function useMemoryState(): "on" | "off-here" | "off-for-user" | null {
  const config = useServerConfig().data;
  const preferences = usePreferences().data;
  if (!config || !preferences) return null;
  if (!config.memory_enabled) return "off-here";
  return preferences.memory_enabled ? "on" : "off-for-user";
}

export function useMemoryStats() {
  return useQuery({
    queryKey: queryKeys.memoryStats,
    queryFn: ({ signal }) => api.get<MemoryStats>("/api/memory/stats", signal),
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

/** What may be forgotten at once. */
export type Forgettable =
  | { messageId: string }
  | { conversationId: string }
  /** An ISO time; all that was said until then. */
  | { before: string }
  | "everything";

export function useForget() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (what: Forgettable) => api.delete(forgetPath(what)),
    onSuccess: () => refreshMemory(queryClient),
  });
}

function forgetPath(what: Forgettable): string {
  if (what === "everything") return "/api/memory";
  if ("before" in what) return `/api/memory?before=${encodeURIComponent(what.before)}`;
  if ("messageId" in what) return `/api/memory/${encodeURIComponent(what.messageId)}`;
  return `/api/memory/conversations/${encodeURIComponent(what.conversationId)}`;
}

function refreshMemory(queryClient: QueryClient): void {
  void queryClient.invalidateQueries({ queryKey: queryKeys.memoryStats });
  // A list that is open stays as it is, so that what was forgotten in it is seen to be.
  void queryClient.invalidateQueries({ queryKey: queryKeys.memorySearches, refetchType: "none" });
  // Answers drop the quotes of what is forgotten.
  void queryClient.invalidateQueries({ queryKey: queryKeys.conversationDetails });
}
