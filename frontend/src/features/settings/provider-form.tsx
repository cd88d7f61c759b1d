import { type SubmitEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FormError } from "@/components/ui/form-error";
import { providerLabel } from "@/lib/format";
import { useSaveProvider } from "@/lib/queries/models";
import { strings } from "@/lib/strings";
import { showInfo } from "@/lib/toasts";
import type { ProviderKey } from "@/types/api";

/** Servers one runs oneself: they need an address, and rarely a key. */
const BASE_URL_HINTS: Record<string, string> = strings.settings.baseUrlHints;

/** These answer nobody without a key; a server of one's own may. */
const KEY_REQUIRED = new Set(["openai", "anthropic", "google", "grok"]);

type ProviderFormProps = { provider: string; saved: ProviderKey | null; onClose: () => void };

export function ProviderForm({ provider, saved, onClose }: ProviderFormProps) {
  const save = useSaveProvider(provider);
  const [key, setKey] = useState("");
  const [baseUrl, setBaseUrl] = useState(saved?.base_url ?? "");
  const baseUrlHint = BASE_URL_HINTS[provider];
  const isOwnServer = baseUrlHint !== undefined;
  const needsKey = KEY_REQUIRED.has(provider);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate(
      {
        ...(key.trim() === "" ? {} : { key: key.trim() }),
        base_url: baseUrl.trim() === "" ? null : baseUrl.trim(),
      },
      {
        onSuccess: () => {
          showInfo(strings.settings.saved(providerLabel(provider)));
          onClose();
        },
      },
    );
  };

  const baseUrlField = (
    <Field
      label={strings.settings.baseUrl}
      type="url"
      required={isOwnServer}
      hint={baseUrlHint ?? strings.settings.otherAddressHint}
      value={baseUrl}
      onChange={(event) => setBaseUrl(event.target.value)}
    />
  );

  return (
    <form onSubmit={submit} className="mt-4 flex flex-col gap-4">
      {isOwnServer && baseUrlField}
      <Field
        label={needsKey ? strings.settings.key : strings.settings.keyOptional}
        type="password"
        autoComplete="off"
        required={needsKey && !saved}
        hint={saved ? strings.settings.keyKept : undefined}
        value={key}
        onChange={(event) => setKey(event.target.value)}
      />
      {!isOwnServer && (
        <details open={saved?.base_url != null}>
          <summary className="w-fit cursor-pointer text-[0.8125rem] text-muted">
            {strings.settings.otherAddress}
          </summary>
          <div className="mt-3">{baseUrlField}</div>
        </details>
      )}
      <FormError error={save.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{strings.actions.cancel}</Button>
        <Button type="submit" variant="primary" disabled={save.isPending}>
          {save.isPending ? strings.settings.testing : strings.settings.testAndSave}
        </Button>
      </div>
    </form>
  );
}
