import { useId } from "react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { Input } from "@/components/ui/field";
import { formatDateTime } from "@/lib/format";
import { useCreateInvite } from "@/lib/queries/session";
import { strings } from "@/lib/strings";
import { showError } from "@/lib/toasts";

export function InvitesSection() {
  const createInvite = useCreateInvite();
  const inputId = useId();
  const invite = createInvite.data;
  const link = invite && `${window.location.origin}/?invite=${encodeURIComponent(invite.code)}`;
  return (
    <>
      <Button
        disabled={createInvite.isPending}
        onClick={() => createInvite.mutate(undefined, { onError: showError })}
      >
        {strings.settings.createInvite}
      </Button>
      {invite && link !== undefined && (
        <div className="mt-5">
          <label htmlFor={inputId} className="mb-1.5 block text-sm font-medium">
            {strings.settings.inviteLink}
          </label>
          <div className="flex items-center gap-1">
            <Input
              id={inputId}
              readOnly
              value={link}
              onFocus={(event) => event.currentTarget.select()}
            />
            <CopyButton label={strings.actions.copy} text={() => link} />
          </div>
          <p className="mt-1.5 text-[0.8125rem] text-muted">
            {strings.settings.inviteExpires(formatDateTime(invite.expires_at))}
          </p>
        </div>
      )}
    </>
  );
}
