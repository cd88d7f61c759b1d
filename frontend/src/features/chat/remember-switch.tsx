import { EyeOff } from "lucide-react";
import { useId } from "react";
import { IconButton } from "@/components/ui/icon-button";
import { Switch } from "@/components/ui/switch";
import { Tooltip } from "@/components/ui/tooltip";
import { cn } from "@/lib/class-names";
import { useMemoryState } from "@/lib/queries/memory";
import { strings } from "@/lib/strings";

type RememberSwitchProps = {
  /** Of the conversation. */
  checked: boolean;
  onChange: (checked: boolean) => void;
  /** Of the message being written. */
  messageRemembered: boolean;
  onMessageChange: (remembered: boolean) => void;
};

/**
 * Whether the conversation is remembered, and beside it whether the message being written is.
 * Where the installation remembers nothing there is nothing to switch.
 */
export function RememberSwitch({
  checked,
  onChange,
  messageRemembered,
  onMessageChange,
}: RememberSwitchProps) {
  const id = useId();
  const state = useMemoryState();
  if (state === null || state === "off-here") return null;
  const isOn = state === "on";
  const hint = isOn ? strings.chat.rememberHint : strings.chat.rememberOffHint;
  return (
    <span className="inline-flex items-center">
      <Tooltip label={hint} side="top">
        <span className="inline-flex h-8 items-center gap-2 rounded-lg px-2 text-[0.8125rem] font-medium text-muted">
          <Switch
            id={id}
            checked={checked && isOn}
            disabled={!isOn}
            onCheckedChange={onChange}
            aria-describedby={`${id}-hint`}
          />
          <label htmlFor={id} className="cursor-pointer">
            {strings.chat.remember}
          </label>
          <span id={`${id}-hint`} className="sr-only">
            {hint}
          </span>
        </span>
      </Tooltip>
      {checked && isOn && (
        <IconButton
          label={strings.chat.dontRememberThis}
          icon={<EyeOff aria-hidden />}
          tooltipSide="top"
          aria-pressed={!messageRemembered}
          className={cn(!messageRemembered && "bg-accent-soft text-accent-strong")}
          onClick={() => onMessageChange(!messageRemembered)}
        />
      )}
    </span>
  );
}
