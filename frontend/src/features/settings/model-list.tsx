import { useState } from "react";
import { Input } from "@/components/ui/field";
import { formatCount, modelLabel, providerLabel } from "@/lib/format";
import { FILTER_MODELS_FROM, modelGroups } from "@/lib/model-groups";
import { strings } from "@/lib/strings";
import type { Model } from "@/types/api";
import { SettingsRows } from "./settings-layout";

/** What can be asked now, by provider. */
export function ModelList({ models }: { models: readonly Model[] }) {
  const [filter, setFilter] = useState("");
  const groups = modelGroups(models, filter);
  return (
    <>
      {models.length >= FILTER_MODELS_FROM && (
        <Input
          type="search"
          className="mb-4"
          aria-label={strings.models.filter}
          placeholder={strings.models.filter}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      )}
      {groups.length === 0 && (
        <p role="status" className="text-sm text-muted">
          {strings.models.noMatch}
        </p>
      )}
      <div className="flex flex-col gap-5">
        {groups.map((group) => (
          <div key={group.provider}>
            <h4 className="mb-2 text-[0.8125rem] font-medium text-muted">
              {providerLabel(group.provider)}
            </h4>
            <SettingsRows>
              {group.models.map((model) => (
                <ModelRow key={model.id} model={model} />
              ))}
            </SettingsRows>
          </div>
        ))}
      </div>
    </>
  );
}

function ModelRow({ model }: { model: Model }) {
  return (
    <li className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-2.5 text-sm">
      <p className="min-w-40 flex-1 font-medium [overflow-wrap:anywhere]">{modelLabel(model.id)}</p>
      {model.ready ? (
        model.context_tokens !== null && (
          <p className="text-[0.8125rem] text-muted tabular-nums">
            {strings.settings.contextTokens(formatCount(model.context_tokens))}
          </p>
        )
      ) : (
        <p className="text-[0.8125rem] text-muted">{model.reason ?? strings.models.notReady}</p>
      )}
    </li>
  );
}
