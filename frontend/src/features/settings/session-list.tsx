import { Button } from "@/components/ui/button";
import { formatDateTime } from "@/lib/format";
import { useRevokeSession, useSessions } from "@/lib/queries/session";
import { strings } from "@/lib/strings";
import { showError, showInfo } from "@/lib/toasts";
import type { Session } from "@/types/api";
import { SettingsRows } from "./settings-layout";

export function SessionList() {
  const sessions = useSessions().data;
  if (!sessions) return null;
  return (
    <SettingsRows>
      {sessions.map((session) => (
        <SessionRow key={session.id} session={session} />
      ))}
    </SettingsRows>
  );
}

function SessionRow({ session }: { session: Session }) {
  const revoke = useRevokeSession();
  const device = deviceName(session.user_agent ?? "");
  return (
    <li className="flex items-center gap-4 px-4 py-3 text-sm">
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{device}</p>
        <p className="text-[0.8125rem] text-muted">
          {strings.settings.sessionSince(formatDateTime(session.created_at))}
        </p>
      </div>
      {session.current ? (
        <p className="text-muted">{strings.settings.thisSession}</p>
      ) : (
        <Button
          size="small"
          aria-label={strings.settings.revokeSession(device)}
          disabled={revoke.isPending}
          onClick={() =>
            revoke.mutate(session.id, {
              onSuccess: () => showInfo(strings.settings.revoked),
              onError: showError,
            })
          }
        >
          {strings.settings.revoke}
        </Button>
      )}
    </li>
  );
}

const BROWSERS = [
  ["Edge", /Edg\//],
  ["Firefox", /Firefox\//],
  ["Chrome", /Chrome\//],
  ["Safari", /Safari\//],
] as const;

const SYSTEMS = [
  ["Android", /Android/],
  ["iOS", /iPhone|iPad/],
  ["Windows", /Windows/],
  ["macOS", /Mac OS X/],
  ["Linux", /Linux/],
] as const;

/** "Firefox, Linux": what a person recognises in a User-Agent header. */
function deviceName(userAgent: string): string {
  const browser = BROWSERS.find(([, pattern]) => pattern.test(userAgent))?.[0];
  const system = SYSTEMS.find(([, pattern]) => pattern.test(userAgent))?.[0];
  const known = [browser, system].filter((part) => part !== undefined).join(", ");
  return known || userAgent || strings.settings.unknownDevice;
}
