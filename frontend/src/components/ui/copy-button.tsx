import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { strings } from "@/lib/strings";
import { showError } from "@/lib/toasts";
import { IconButton } from "./icon-button";

const CONFIRMATION_MS = 1_600;

type CopyButtonProps = { label: string; text: () => string; className?: string };

export function CopyButton({ label, text, className }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), CONFIRMATION_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async () => {
    try {
      await copyText(text());
      setCopied(true);
    } catch (error) {
      showError(error);
    }
  };

  return (
    <IconButton
      label={copied ? strings.actions.copied : label}
      icon={copied ? <Check aria-hidden /> : <Copy aria-hidden />}
      className={className}
      onClick={() => void copy()}
    />
  );
}

async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // On plain http (a home network) browsers offer only the old way.
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  document.execCommand("copy");
  area.remove();
}
