import { useId } from "react";
import { Switch } from "@/components/ui/switch";
import { Tooltip } from "@/components/ui/tooltip";
import { useMemoryStats } from "@/lib/queries/memory";
import { strings } from "@/lib/strings";

type RememberSwitchProps = { checked: boolean; onChange: (checked: boolean) => void };

/** Shown only where the server keeps a memory that could be switched. */
export function RememberSwitch({ checked, onChange }: RememberSwitchProps) {
  const id = useId();
  const keepsMemory = Boolean(useMemoryStats().data);
  if (!keepsMemory) return null;
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
