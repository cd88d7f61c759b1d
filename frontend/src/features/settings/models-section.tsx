import { FormError } from "@/components/ui/form-error";
import { Spinner } from "@/components/ui/spinner";
import { useModels, useProviderKeys } from "@/lib/queries/models";
import { strings } from "@/lib/strings";
import { ModelList } from "./model-list";
import { ProviderRow } from "./provider-row";
import { SettingsGroup, SettingsRows } from "./settings-layout";

/** Shown for a server that does not say which providers it knows. */
const KNOWN_PROVIDERS = ["openai", "anthropic", "google", "grok", "ollama", "custom"];

export function ModelsSection() {
  const { data: keys, error: keysError, isPending: keysLoading } = useProviderKeys();
  const { data: models, error: modelsError, isPending: modelsLoading } = useModels();
  const providers = keys?.available ?? KNOWN_PROVIDERS;
  return (
    <>
      <SettingsGroup title={strings.settings.providers} hint={strings.settings.providersHint}>
        {keysLoading && <Spinner />}
        <FormError error={keysError} />
        {keys && (
          <SettingsRows>
            {providers.map((provider) => (
              <ProviderRow
                key={provider}
                provider={provider}
                saved={keys.items.find((item) => item.provider === provider) ?? null}
                models={(models ?? []).filter((model) => model.provider === provider)}
              />
            ))}
          </SettingsRows>
        )}
      </SettingsGroup>
      <SettingsGroup title={strings.settings.models}>
        {modelsLoading && <Spinner />}
        <FormError error={modelsError} />
        {models && <ModelList models={models} />}
      </SettingsGroup>
    </>
  );
}
