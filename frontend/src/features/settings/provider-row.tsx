import { useState } from "react";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { providerLabel } from "@/lib/format";
import { useRemoveProvider } from "@/lib/queries/models";
import { strings } from "@/lib/strings";
import { showError, showInfo } from "@/lib/toasts";
import type { ProviderKey } from "@/types/api";
import { ProviderForm } from "./provider-form";

type ProviderRowProps = { provider: string; saved: ProviderKey | null };

export function ProviderRow({ provider, saved }: ProviderRowProps) {
  const [mode, setMode] = useState<"idle" | "editing" | "removing">("idle");
  const remove = useRemoveProvider(provider);
  const name = providerLabel(provider);
  const facts = [
    saved ? strings.settings.connected : strings.settings.notConnected,
    saved?.base_url,
    saved?.hint ? strings.settings.keyEnding(saved.hint) : null,
  ].filter(Boolean);

  return (
    <li className="px-4 py-3.5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-40 flex-1 text-sm">
          <p className="font-medium">{name}</p>
          <p className="text-[0.8125rem] break-all text-muted">{facts.join(" · ")}</p>
        </div>
        {mode !== "editing" && (
          <div className="flex gap-2">
            {saved && (
              <Button size="small" variant="ghost" onClick={() => setMode("removing")}>
                {strings.settings.disconnect}
              </Button>
            )}
            <Button
              size="small"
              aria-label={`${saved ? strings.settings.change : strings.settings.connect}: ${name}`}
              onClick={() => setMode("editing")}
            >
              {saved ? strings.settings.change : strings.settings.connect}
            </Button>
          </div>
        )}
      </div>
      {mode === "editing" && (
        <ProviderForm provider={provider} saved={saved} onClose={() => setMode("idle")} />
      )}
      <ConfirmDialog
        open={mode === "removing"}
        onOpenChange={(open) => setMode(open ? "removing" : "idle")}
        title={strings.settings.disconnectTitle(name)}
        text={strings.settings.disconnectText}
        confirmLabel={strings.settings.disconnect}
        onConfirm={() =>
          remove.mutate(undefined, {
            onSuccess: () => showInfo(strings.settings.disconnected(name)),
            onError: showError,
          })
        }
      />
    </li>
  );
}
