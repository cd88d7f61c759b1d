import { Check, ChevronDown } from "lucide-react";
import {
  Menu,
  MenuContent,
  MenuItemIndicator,
  MenuGroup,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuTrigger,
} from "@/components/ui/menu";
import { modelLabel, providerLabel } from "@/lib/format";
import { strings } from "@/lib/strings";
import type { Model } from "@/types/api";
import { chooseModel, useModelChoice } from "./model-choice";

/** The composer's choice of who answers. */
export function ModelMenu() {
  const { modelId, models } = useModelChoice();
  const label = modelLabel(modelId);
  return (
    <Menu>
      <MenuTrigger
        className="inline-flex h-8 max-w-40 cursor-pointer items-center gap-1 rounded-lg px-2 text-[0.8125rem] font-medium text-muted hover:bg-subtle hover:text-text data-[state=open]:bg-subtle"
        aria-label={strings.chat.modelMenu(label)}
      >
        <span className="truncate">{label}</span>
        <ChevronDown className="size-3.5 shrink-0" aria-hidden />
      </MenuTrigger>
      <MenuContent align="end" className="w-72">
        <ModelChoices models={models} value={modelId} onChoose={chooseModel} />
      </MenuContent>
    </Menu>
  );
}

type ModelChoicesProps = {
  models: readonly Model[];
  value: string | null;
  onChoose: (modelId: string) => void;
};

/** The models by provider; those that are not ready say why. */
export function ModelChoices({ models, value, onChoose }: ModelChoicesProps) {
  const providers = [...new Set(models.map(({ provider }) => provider))];
  return (
    <MenuRadioGroup value={value ?? ""} onValueChange={onChoose}>
      {providers.map((provider) => (
        <MenuGroup key={provider}>
          <MenuLabel>{providerLabel(provider)}</MenuLabel>
          {models
            .filter((model) => model.provider === provider)
            .map((model) => (
              <MenuRadioItem key={model.id} value={model.id} disabled={!model.ready}>
                <span className="min-w-0 flex-1">
                  <span className="block truncate">{modelLabel(model.id)}</span>
                  {!model.ready && (
                    <span className="block text-xs">{model.reason ?? strings.models.notReady}</span>
                  )}
                </span>
                <MenuItemIndicator>
                  <Check aria-hidden />
                </MenuItemIndicator>
              </MenuRadioItem>
            ))}
        </MenuGroup>
      ))}
    </MenuRadioGroup>
  );
}
