import { modelLabel, providerLabel } from "@/lib/format";
import { useModels, useProviderKeys } from "@/lib/queries/models";
import { strings } from "@/lib/strings";
import type { Model } from "@/types/api";
import { ProviderRow } from "./provider-row";
import { SettingsGroup, SettingsRows } from "./settings-layout";

/** Shown for a server that does not say which providers it knows. */
const KNOWN_PROVIDERS = ["openai", "grok", "ollama", "custom"];

export function ModelsSection() {
  const keys = useProviderKeys().data;
  const models = useModels().data;
  const providers = keys?.available ?? KNOWN_PROVIDERS;
  return (
    <>
      <SettingsGroup title={strings.settings.providers} hint={strings.settings.providersHint}>
        {keys && (
          <SettingsRows>
            {providers.map((provider) => (
              <ProviderRow
                key={provider}
                provider={provider}
                saved={keys.items.find((item) => item.provider === provider) ?? null}
              />
            ))}
          </SettingsRows>
        )}
      </SettingsGroup>
      <SettingsGroup title={strings.settings.models}>
        {models && (
          <SettingsRows>
            {models.map((model) => (
              <ModelRow key={model.id} model={model} />
            ))}
          </SettingsRows>
        )}
      </SettingsGroup>
    </>
  );
}

function ModelRow({ model }: { model: Model }) {
  const facts = [
    providerLabel(model.provider),
    model.context_tokens === null
      ? null
      : strings.settings.contextTokens(model.context_tokens.toLocaleString("en")),
  ].filter((fact) => fact !== null);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 text-sm">
      <div className="min-w-40 flex-1">
        <p className="truncate font-medium">{modelLabel(model.id)}</p>
        <p className="text-[0.8125rem] text-muted">{facts.join(" · ")}</p>
      </div>
      <p className={model.ready ? "font-medium text-success" : "text-muted"}>
        {model.ready ? strings.settings.modelReady : (model.reason ?? strings.models.notReady)}
      </p>
    </li>
  );
}
