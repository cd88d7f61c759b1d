import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, isStatus, setApiTimeout } from "@/lib/api-client";
import { queryKeys } from "@/lib/queries/keys";
import type { Invite, Page, ServerConfig, Session, User } from "@/types/api";

type Authenticated = { user: User };

export type Credentials = { username: string; password: string; invite?: string };

export function useServerConfig() {
  return useQuery({
    queryKey: queryKeys.config,
    queryFn: async ({ signal }) => {
      const config = await api.get<ServerConfig>("/api/config", signal);
      setApiTimeout(config.api_timeout_ms);
      return config;
    },
    staleTime: 5 * 60_000,
  });
}

/** The logged-in user, or null. */
export function useSession() {
  return useQuery({
    queryKey: queryKeys.session,
    queryFn: async ({ signal }) => {
      try {
        return (await api.get<Authenticated>("/api/auth/me", signal)).user;
      } catch (error) {
        if (isStatus(error, 401)) return null;
        throw error;
      }
    },
    staleTime: Infinity,
  });
}

function useAuthentication(path: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (credentials: Credentials) => api.post<Authenticated>(path, credentials),
    onSuccess: async ({ user }) => {
      queryClient.setQueryData<User | null>(queryKeys.session, user);
      await queryClient.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[0] !== queryKeys.session[0],
      });
    },
  });
}

export function useLogIn() {
  return useAuthentication("/api/auth/login");
}

export function useRegister() {
  return useAuthentication("/api/auth/register");
}

export function useLogOut() {
  return useMutation({ mutationFn: () => api.post("/api/auth/logout") });
}

export function useChangePassword() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (passwords: { current_password: string; new_password: string }) =>
      api.post("/api/auth/password", passwords),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.sessions }),
  });
}

export function useSessions() {
  return useQuery({
    queryKey: queryKeys.sessions,
    queryFn: async ({ signal }) =>
      (await api.get<Pick<Page<Session>, "items">>("/api/auth/sessions", signal)).items,
  });
}

export function useRevokeSession() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/api/auth/sessions/${encodeURIComponent(id)}`),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: queryKeys.sessions }),
  });
}

export function useCreateInvite() {
  return useMutation({ mutationFn: () => api.post<Invite>("/api/auth/invites", {}) });
}
