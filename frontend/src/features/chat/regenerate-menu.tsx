import { RefreshCw } from "lucide-react";
import { IconButton } from "@/components/ui/icon-button";
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuLabel,
  MenuSeparator,
  MenuTrigger,
} from "@/components/ui/menu";
import { strings } from "@/lib/strings";
import { useModelChoice } from "./model-choice";
import { ModelChoices } from "./model-menu";

type RegenerateMenuProps = { onRegenerate: (modelId?: string) => void };

/** Answers again: with the same model, or with another where there is one. */
export function RegenerateMenu({ onRegenerate }: RegenerateMenuProps) {
  const { models } = useModelChoice();
  const icon = <RefreshCw aria-hidden />;
  if (models.filter(({ ready }) => ready).length < 2) {
    return (
      <IconButton label={strings.chat.regenerate} icon={icon} onClick={() => onRegenerate()} />
    );
  }
  return (
    <Menu>
      <MenuTrigger asChild>
        <IconButton label={strings.chat.regenerate} icon={icon} />
      </MenuTrigger>
      <MenuContent align="start" className="w-72">
        <MenuItem onSelect={() => onRegenerate()}>
          <RefreshCw aria-hidden />
          {strings.chat.regenerate}
        </MenuItem>
        <MenuSeparator />
        <MenuLabel>{strings.chat.regenerateWith}</MenuLabel>
        <ModelChoices models={models} value={null} onChoose={onRegenerate} />
      </MenuContent>
    </Menu>
  );
}
