import { useId } from "react";
import { Dialog } from "@/components/ui/dialog";
import { Switch } from "@/components/ui/switch";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import { setSingleKeysEnabled, singleKeysEnabled } from "./use-shortcuts";

const MODIFIER = /mac/i.test(navigator.userAgent) ? "⌘" : "Ctrl";

const SHORTCUTS: readonly (readonly [label: string, keys: readonly string[]])[] = [
  [strings.shortcuts.send, ["Enter"]],
  [strings.shortcuts.newLine, ["Shift", "Enter"]],
  [strings.shortcuts.newConversation, [MODIFIER, "Shift", "O"]],
  [strings.shortcuts.search, [MODIFIER, "K"]],
  [strings.shortcuts.toggleSidebar, [MODIFIER, "B"]],
  [strings.shortcuts.closeViewer, ["Esc"]],
];

const SINGLE_KEY_SHORTCUTS: typeof SHORTCUTS = [
  [strings.shortcuts.focusComposer, ["/"]],
  [strings.shortcuts.citations, ["[", "]"]],
  [strings.shortcuts.help, ["?"]],
];

type ShortcutsDialogProps = { open: boolean; onOpenChange: (open: boolean) => void };

export function ShortcutsDialog({ open, onOpenChange }: ShortcutsDialogProps) {
  const singleKeys = useStore(singleKeysEnabled);
  const id = useId();
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={strings.shortcuts.title}
      className="max-w-md"
    >
      <ShortcutTable shortcuts={SHORTCUTS} />
      <div className="mt-5 flex items-start gap-3 border-t border-line pt-4">
        <div className="flex-1 text-sm">
          <label htmlFor={id} className="font-medium">
            {strings.shortcuts.singleKeys}
          </label>
          <p className="mt-0.5 text-[0.8125rem] text-muted">{strings.shortcuts.singleKeysHint}</p>
        </div>
        <Switch id={id} checked={singleKeys} onCheckedChange={setSingleKeysEnabled} />
      </div>
      {singleKeys && <ShortcutTable shortcuts={SINGLE_KEY_SHORTCUTS} />}
    </Dialog>
  );
}

function ShortcutTable({ shortcuts }: { shortcuts: typeof SHORTCUTS }) {
  return (
    <dl className="text-sm">
      {shortcuts.map(([label, keys]) => (
        <div key={label} className="flex min-h-9 items-center justify-between gap-4">
          <dt>{label}</dt>
          <dd className="flex gap-1">
            {keys.map((key) => (
              <kbd
                key={key}
                className="inline-flex h-6 min-w-6 items-center justify-center rounded-md border border-line-strong bg-canvas px-1.5 font-sans text-xs text-muted"
              >
                {key}
              </kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}
