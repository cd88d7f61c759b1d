import { useCallback, useState } from "react";
import { readStored, writeStored } from "@/lib/browser-storage";

/** What is typed but not sent, kept for each conversation over reloads. */
export function useDraft(storageKey: string): [string, (text: string) => void] {
  const [draft, setDraft] = useState(() => ({ storageKey, text: readStored(storageKey) ?? "" }));
  if (draft.storageKey !== storageKey) {
    setDraft({ storageKey, text: readStored(storageKey) ?? "" });
  }
  const setText = useCallback(
    (text: string) => {
      writeStored(storageKey, text === "" ? null : text);
      setDraft({ storageKey, text });
    },
    [storageKey],
  );
  return [draft.text, setText];
}
