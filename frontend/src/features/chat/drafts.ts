import { useCallback, useEffect, useState } from "react";
import { onRemovedElsewhere, readStored, writeStored } from "@/lib/browser-storage";

/**
 * What is typed but not sent, kept for each conversation over reloads. What another tab has sent
 * meanwhile is no draft any more.
 */
export function useDraft(storageKey: string): [string, (text: string) => void] {
  const [draft, setDraft] = useState(() => ({ storageKey, text: readStored(storageKey) ?? "" }));
  if (draft.storageKey !== storageKey) {
    setDraft({ storageKey, text: readStored(storageKey) ?? "" });
  }
  useEffect(
    () =>
      onRemovedElsewhere(storageKey, (_, sent) => {
        setDraft((current) => (current.text === sent ? { ...current, text: "" } : current));
      }),
    [storageKey],
  );
  const setText = useCallback(
    (text: string) => {
      writeStored(storageKey, text === "" ? null : text);
      setDraft({ storageKey, text });
    },
    [storageKey],
  );
  return [draft.text, setText];
}
