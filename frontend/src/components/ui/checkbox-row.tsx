import { Check } from "lucide-react";
import { Checkbox } from "radix-ui";
import { useId } from "react";

type CheckboxRowProps = {
  label: string;
  checked: boolean;
  onCheckedChange: (checked: boolean) => void;
};

/** One line of a list from which several may be chosen. */
export function CheckboxRow({ label, checked, onCheckedChange }: CheckboxRowProps) {
  const id = useId();
  return (
    <li className="flex min-h-9 items-center gap-2.5 rounded-md px-2 hover:bg-subtle">
      <Checkbox.Root
        id={id}
        checked={checked}
        onCheckedChange={(state) => onCheckedChange(state === true)}
        className="flex size-4.5 shrink-0 cursor-pointer items-center justify-center rounded border border-line-strong bg-surface data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <Checkbox.Indicator>
          <Check className="size-3.5 text-on-accent" aria-hidden />
        </Checkbox.Indicator>
      </Checkbox.Root>
      <label htmlFor={id} className="min-w-0 flex-1 cursor-pointer truncate py-1.5 text-sm">
        {label}
      </label>
    </li>
  );
}
