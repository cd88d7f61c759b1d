import { useQuery } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import type { UsageReport } from "@/types/api";

/** Tokens by model, since a time or since the beginning. */
export function useUsage(since: string | null) {
  return useQuery({
    queryKey: queryKeys.usage(since),
    queryFn: ({ signal }) => {
      const query = since === null ? "" : `?since=${encodeURIComponent(since)}`;
      return api.get<UsageReport>(`/api/usage${query}`, signal);
    },
  });
}
