import { type ComponentProps, useId } from "react";
import { cn } from "@/lib/class-names";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return (
    <input
      className={cn(
        "h-10 w-full rounded-lg border border-line-strong bg-surface px-3 text-[0.9375rem] placeholder:text-muted aria-invalid:border-danger",
        className,
      )}
      {...props}
    />
  );
}

type FieldProps = Omit<ComponentProps<"input">, "id"> & {
  label: string;
  hint?: string;
  error?: string | null;
};

/** A labelled input with its hint and its error, tied together for assistive technology. */
export function Field({ label, hint, error, ...props }: FieldProps) {
  const id = useId();
  const description = error ?? hint;
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      <Input
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={description ? `${id}-description` : undefined}
        {...props}
      />
      {description && (
        <p
          id={`${id}-description`}
          className={cn("mt-1.5 text-[0.8125rem]", error ? "text-danger" : "text-muted")}
        >
          {description}
        </p>
      )}
    </div>
  );
}
