import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/class-names";
import { Tooltip } from "./tooltip";

type IconButtonProps = Omit<ComponentProps<"button">, "children" | "aria-label"> & {
  /** Says what it does: its accessible name and its tooltip. */
  label: string;
  icon: ReactNode;
  tooltipSide?: "top" | "bottom" | "left" | "right";
};

export function IconButton({ label, icon, className, tooltipSide, ...props }: IconButtonProps) {
  return (
    <Tooltip label={label} side={tooltipSide}>
      <button
        type="button"
        aria-label={label}
        className={cn(
          "inline-flex size-8 shrink-0 cursor-pointer items-center justify-center rounded-lg text-muted transition-colors hover:bg-subtle hover:text-text disabled:pointer-events-none disabled:opacity-40 data-[state=open]:bg-subtle data-[state=open]:text-text [&_svg]:size-4",
          className,
        )}
        {...props}
      >
        {icon}
      </button>
    </Tooltip>
  );
}
