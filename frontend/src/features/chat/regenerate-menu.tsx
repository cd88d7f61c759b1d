import { RefreshCw } from "lucide-react";
import { type ReactElement, useState } from "react";
import { Button } from "@/components/ui/button";
import { IconButton } from "@/components/ui/icon-button";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { strings } from "@/lib/strings";
import { useModelChoice } from "./model-choice";
import { ModelPicker } from "./model-picker";

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
    <OtherModelMenu
      trigger={<IconButton label={strings.chat.regenerate} icon={icon} />}
      onChoose={onRegenerate}
      onSame={() => onRegenerate()}
    />
  );
}

type OtherModelMenuProps = {
  trigger: ReactElement;
  onChoose: (modelId: string) => void;
  /** Offers the same model as well. */
  onSame?: () => void;
};

/** Lets another model answer. */
export function OtherModelMenu({ trigger, onChoose, onSame }: OtherModelMenuProps) {
  const { models } = useModelChoice();
  const [open, setOpen] = useState(false);
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>{trigger}</PopoverTrigger>
      <PopoverContent label={strings.chat.regenerateWith} align="start" className="w-76">
        {onSame && (
          <Button
            variant="ghost"
            size="small"
            className="shrink-0 justify-start"
            onClick={() => {
              setOpen(false);
              onSame();
            }}
          >
            <RefreshCw aria-hidden />
            {strings.chat.sameModel}
          </Button>
        )}
        <p className="shrink-0 px-2.5 pt-2 text-xs text-muted">{strings.chat.regenerateWith}</p>
        <ModelPicker
          models={models}
          value={null}
          onChoose={(id) => {
            setOpen(false);
            onChoose(id);
          }}
        />
      </PopoverContent>
    </Popover>
  );
}
