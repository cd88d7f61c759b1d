import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, isStatus } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";

const MAX_RETRIES = 2;

export function createQueryClient(): QueryClient {
  /** Whatever meets a 401 first, the log-in page appears. */
  const onError = (error: Error) => {
    if (isStatus(error, 401) && queryClient.getQueryData(queryKeys.session)) {
      queryClient.setQueryData(queryKeys.session, null);
    }
  };
  const queryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // What the server refused, it refuses again.
        retry: (failures, error) =>
          failures < MAX_RETRIES &&
          (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
        staleTime: 10_000,
      },
    },
  });
  return queryClient;
}
