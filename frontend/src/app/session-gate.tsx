import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { Button } from "@/components/ui/button";
import { Spinner } from "@/components/ui/spinner";
import { AuthPage } from "@/features/auth/auth-page";
import { errorSentence } from "@/lib/api-client";
import { clearStored } from "@/lib/browser-storage";
import { queryKeys } from "@/lib/queries/keys";
import { useLogOut, useServerConfig, useSession } from "@/lib/queries/session";
import { strings } from "@/lib/strings";
import { showError } from "@/lib/toasts";
import type { ServerConfig, User } from "@/types/api";
import { SignedIn } from "./signed-in";

/** Sign-up, log-in or the application. */
export function SessionGate() {
  const config = useServerConfig();
  const session = useSession();
  const error = config.error ?? session.error;

  if (error && (!config.data || session.data === undefined)) {
    return (
      <Centered>
        <p className="max-w-sm text-center text-muted">{errorSentence(error)}</p>
        <Button
          variant="primary"
          onClick={() => {
            void config.refetch();
            void session.refetch();
          }}
        >
          {strings.actions.retry}
        </Button>
      </Centered>
    );
  }
  if (!config.data || session.data === undefined) {
    return (
      <Centered>
        <p className="flex items-center gap-2 text-sm text-muted" role="status">
          <Spinner />
          {strings.auth.loading}
        </p>
      </Centered>
    );
  }
  return <Gate config={config.data} user={session.data} />;
}

type GateProps = { config: ServerConfig; user: User | null };

/**
 * When a session ends by itself the application stays mounted, hidden behind the log-in page, so
 * that nothing typed anywhere is lost. It starts afresh only for another user.
 */
function Gate({ config, user }: GateProps) {
  const queryClient = useQueryClient();
  const logOut = useLogOut();
  const navigate = useNavigate();
  const [searchParams] = useSearchParams();
  const invite = searchParams.get("invite");
  const [lastUser, setLastUser] = useState(user);

  if (user !== null && user.id !== lastUser?.id) setLastUser(user);

  useEffect(() => {
    // The code has been used.
    if (user !== null && invite !== null) void navigate("/", { replace: true });
  }, [user, invite, navigate]);

  const leave = () =>
    logOut.mutate(undefined, {
      onSuccess: () => {
        if (user) clearStored(`user:${user.id}:`);
        setLastUser(null);
        queryClient.setQueryData(queryKeys.session, null);
        queryClient.removeQueries({ predicate: ({ queryKey }) => !isPublic(queryKey) });
        void navigate("/");
      },
      onError: showError,
    });

  return (
    <>
      {user === null && (
        <AuthPage
          setupRequired={config.setup_required}
          signupEnabled={config.signup_enabled}
          invite={invite}
          expired={lastUser !== null}
        />
      )}
      {lastUser && (
        <div className={user === null ? "hidden" : "contents"}>
          <SignedIn
            key={lastUser.id}
            user={lastUser}
            active={user !== null}
            config={config}
            onLogOut={leave}
          />
        </div>
      )}
    </>
  );
}

/** What may be kept when somebody else logs in next. */
function isPublic(queryKey: QueryKey): boolean {
  return queryKey[0] === queryKeys.config[0] || queryKey[0] === queryKeys.session[0];
}

function Centered({ children }: { children: ReactNode }) {
  return (
    <main className="flex h-full flex-col items-center justify-center gap-4 p-6">{children}</main>
  );
}
