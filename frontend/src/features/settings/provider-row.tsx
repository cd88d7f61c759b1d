import { useState } from "react";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { providerLabel } from "@/lib/format";
import { useRemoveProvider } from "@/lib/queries/models";
import { strings } from "@/lib/strings";
import { showError, showInfo } from "@/lib/toasts";
import type { Model, ProviderKey } from "@/types/api";
import { ProviderForm } from "./provider-form";

type ProviderRowProps = {
  provider: string;
  saved: ProviderKey | null;
  /** What the server lists of this provider. */
  models: readonly Model[];
};

export function ProviderRow({ provider, saved, models }: ProviderRowProps) {
  const [mode, setMode] = useState<"idle" | "editing" | "removing">("idle");
  const remove = useRemoveProvider(provider);
  const name = providerLabel(provider);
  const ready = models.filter((model) => model.ready).length;
  const problem = saved ? models.find((model) => !model.ready)?.reason : null;
  const facts = [
    connectionState(saved, ready),
    saved?.base_url,
    saved?.hint ? strings.settings.keyEnding(saved.hint) : null,
    ready > 0 ? strings.settings.modelCount(ready) : null,
  ].filter(Boolean);

  return (
    <li className="px-4 py-3.5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-40 flex-1 text-sm">
          <p className="font-medium">{name}</p>
          <p className="text-[0.8125rem] [overflow-wrap:anywhere] text-muted">
            {facts.join(" · ")}
          </p>
          {problem && <p className="mt-0.5 text-[0.8125rem] text-danger">{problem}</p>}
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

function connectionState(saved: ProviderKey | null, readyModels: number): string {
  if (saved) return strings.settings.connected;
  // A server on this computer needs no key to be found.
  return readyModels > 0 ? strings.settings.foundHere : strings.settings.notConnected;
}
