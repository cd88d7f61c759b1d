import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import type { Preferences } from "@/types/api";

type PreferencesAnswer = { preferences: Preferences };

const PATH = "/api/settings/preferences";

export function usePreferences() {
  return useQuery({
    queryKey: queryKeys.preferences,
    queryFn: async ({ signal }) => (await api.get<PreferencesAnswer>(PATH, signal)).preferences,
  });
}

export function useChangePreferences() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (change: Partial<Preferences>) => api.patch<PreferencesAnswer>(PATH, change),
    onSuccess: ({ preferences }) => {
      queryClient.setQueryData<Preferences>(queryKeys.preferences, preferences);
    },
  });
}
