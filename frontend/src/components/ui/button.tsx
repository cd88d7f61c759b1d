import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "@/lib/class-names";

const VARIANTS = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  secondary: "border border-line-strong bg-surface hover:bg-subtle",
  ghost: "text-muted hover:bg-subtle hover:text-text",
  danger: "bg-danger text-on-danger hover:opacity-90",
} as const;

const SIZES = {
  small: "h-8 px-3 text-[0.8125rem]",
  medium: "h-9 px-4 text-sm",
  large: "h-11 px-5 text-[0.9375rem]",
} as const;

export type ButtonProps = ComponentProps<"button"> & {
  variant?: keyof typeof VARIANTS;
  size?: keyof typeof SIZES;
  /** Gives the looks to the only child, for example a link. */
  asChild?: boolean;
};

export function Button({
  variant = "secondary",
  size = "medium",
  asChild = false,
  className,
  ...props
}: ButtonProps) {
  const Element = asChild ? Slot.Root : "button";
  return (
    <Element
      type={asChild ? undefined : "button"}
      className={cn(
        "inline-flex shrink-0 cursor-pointer items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap transition-colors select-none disabled:pointer-events-none disabled:opacity-50 aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
        VARIANTS[variant],
        SIZES[size],
        className,
      )}
      {...props}
    />
  );
}
