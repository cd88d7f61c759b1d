import { type ComponentProps, useRef } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { strings } from "@/lib/strings";

/** A fenced block: its language, a copy button, and room to scroll sideways. */
export function CodeBlock({
  children,
  language,
}: ComponentProps<"pre"> & { language: string | null }) {
  const preRef = useRef<HTMLPreElement>(null);
  return (
    <div className="code-block">
      <div className="flex h-8 items-center justify-between pr-1 pl-3 text-xs text-muted">
        <span>{language}</span>
        <CopyButton
          label={strings.chat.copyCode}
          text={() => preRef.current?.textContent ?? ""}
          className="size-7"
        />
      </div>
      {/* Scrolls sideways, so the keyboard must be able to reach it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre ref={preRef} tabIndex={0}>
        {children}
      </pre>
    </div>
  );
}
