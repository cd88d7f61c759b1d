import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import type { Found } from "@/types/api";

const MAX_RESULTS = 40;
const STALE_AFTER_MS = 10_000;

export type SearchFilters = {
  kind: "all" | "messages" | "documents";
  /** Those below narrow messages; empty or null: any. */
  role: "" | "user" | "assistant";
  model: string;
  conversationId: string | null;
  /** Days as date fields give them, "2026-11-22"; both are included. */
  from: string;
  until: string;
};

export const NO_FILTERS: SearchFilters = {
  kind: "all",
  role: "",
  model: "",
  conversationId: null,
  from: "",
  until: "",
};

/** Whether only messages can match. */
export function narrowsMessages(filters: SearchFilters): boolean {
  const { role, model, conversationId, from, until } = filters;
  return role !== "" || model !== "" || conversationId !== null || from !== "" || until !== "";
}

export function searchPath(query: string, filters: SearchFilters): string {
  const params = new URLSearchParams({
    q: query,
    kind: narrowsMessages(filters) ? "messages" : filters.kind,
    limit: String(MAX_RESULTS),
  });
  if (filters.role !== "") params.set("role", filters.role);
  if (filters.model !== "") params.set("model", filters.model);
  if (filters.conversationId !== null) params.set("conversation_id", filters.conversationId);
  if (filters.from !== "") params.set("since", startOfDay(filters.from, 0));
  if (filters.until !== "") params.set("until", startOfDay(filters.until, 1));
  return `/api/search?${params.toString()}`;
}

/** Best first; what was found before stays until there is something new. */
export function useSearch(query: string, filters: SearchFilters) {
  const path = searchPath(query, filters);
  return useQuery({
    queryKey: queryKeys.search(path),
    queryFn: async ({ signal }) => (await api.get<{ items: Found[] }>(path, signal)).items,
    enabled: query !== "",
    placeholderData: keepPreviousData,
    staleTime: STALE_AFTER_MS,
  });
}

/** The ids of the models that answered in the user's chats, whether they can be used now or not. */
export function useAnsweringModels() {
  return useQuery({
    queryKey: queryKeys.answeringModels,
    queryFn: async ({ signal }) =>
      (await api.get<{ items: { id: string }[] }>("/api/search/models", signal)).items.map(
        ({ id }) => id,
      ),
  });
}

/** In the reader's own time zone. */
function startOfDay(day: string, daysLater: number): string {
  const date = new Date(`${day}T00:00`);
  date.setDate(date.getDate() + daysLater);
  return date.toISOString();
}
