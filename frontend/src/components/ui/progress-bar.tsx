import { cn } from "@/lib/class-names";

type ProgressBarProps = {
  label: string;
  /** 0..100, or null while nothing can be counted. */
  percent: number | null;
  className?: string;
};

export function ProgressBar({ label, percent, className }: ProgressBarProps) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      className={cn("h-1 overflow-hidden rounded-full bg-line", className)}
    >
      <div
        className={cn(
          "h-full rounded-full bg-accent transition-[width] duration-300",
          percent === null && "progress-unknown w-1/3",
        )}
        style={percent === null ? undefined : { width: `${percent}%` }}
      />
    </div>
  );
}
