import { useId } from "react";
import { Switch } from "@/components/ui/switch";
import { Tooltip } from "@/components/ui/tooltip";
import { strings } from "@/lib/strings";

type RememberSwitchProps = { checked: boolean; onChange: (checked: boolean) => void };

export function RememberSwitch({ checked, onChange }: RememberSwitchProps) {
  const id = useId();
  return (
    <Tooltip label={strings.chat.rememberHint} side="top">
      <span className="inline-flex h-8 items-center gap-2 rounded-lg px-2 text-[0.8125rem] font-medium text-muted">
        <Switch
          id={id}
          checked={checked}
          onCheckedChange={onChange}
          aria-describedby={`${id}-hint`}
        />
        <label htmlFor={id} className="cursor-pointer">
          {strings.chat.remember}
        </label>
        <span id={`${id}-hint`} className="sr-only">
          {strings.chat.rememberHint}
        </span>
      </span>
    </Tooltip>
  );
}
