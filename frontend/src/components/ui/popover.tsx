import { Popover as RadixPopover } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "@/lib/class-names";

export const Popover = RadixPopover.Root;
export const PopoverTrigger = RadixPopover.Trigger;

type PopoverContentProps = ComponentProps<typeof RadixPopover.Content> & {
  /** Its accessible name. */
  label: string;
};

export function PopoverContent({ label, className, ...props }: PopoverContentProps) {
  return (
    <RadixPopover.Portal>
      <RadixPopover.Content
        aria-label={label}
        sideOffset={6}
        collisionPadding={8}
        className={cn(
          "popover z-50 flex max-h-[min(26rem,var(--radix-popover-content-available-height))] max-w-[calc(100vw-1rem)] flex-col p-1.5",
          className,
        )}
        {...props}
      />
    </RadixPopover.Portal>
  );
}
