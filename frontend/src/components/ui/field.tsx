import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "@/lib/class-names";

const BOX =
  "w-full rounded-lg border border-line-strong bg-surface px-3 text-[0.9375rem] placeholder:text-muted aria-invalid:border-danger";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(BOX, "h-10", className)} {...props} />;
}

type Labelled = { label: string; hint?: string; error?: string | null };

type FieldProps = Omit<ComponentProps<"input">, "id"> & Labelled;

/** A labelled input with its hint and its error, tied together for assistive technology. */
export function Field({ label, hint, error, ...props }: FieldProps) {
  return (
    <FieldFrame label={label} hint={hint} error={error}>
      {(ties) => <Input {...ties} {...props} />}
    </FieldFrame>
  );
}

type TextAreaFieldProps = Omit<ComponentProps<"textarea">, "id"> & Labelled;

/** The same for several lines; grows with what is written. */
export function TextAreaField({ label, hint, error, className, ...props }: TextAreaFieldProps) {
  return (
    <FieldFrame label={label} hint={hint} error={error}>
      {(ties) => (
        <textarea
          className={cn(
            BOX,
            "scroll-quiet block field-sizing-content max-h-72 min-h-24 resize-y py-2 leading-relaxed",
            className,
          )}
          {...ties}
          {...props}
        />
      )}
    </FieldFrame>
  );
}

type Ties = { id: string; "aria-invalid": true | undefined; "aria-describedby": string | undefined };

type FieldFrameProps = Labelled & { children: (ties: Ties) => ReactNode };

function FieldFrame({ label, hint, error, children }: FieldFrameProps) {
  const id = useId();
  const description = error ?? hint;
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      {children({
        id,
        "aria-invalid": error ? true : undefined,
        "aria-describedby": description ? `${id}-description` : undefined,
      })}
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
