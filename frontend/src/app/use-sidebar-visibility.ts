import { useMemo, useState } from "react";
import { readStored, writeStored } from "@/lib/browser-storage";

export type SidebarVisibility = {
  visible: boolean;
  show: () => void;
  hide: () => void;
  toggle: () => void;
  /** Where the sidebar fills the screen, choosing something in it leaves it. */
  hideIfNarrow: () => void;
};

const KEY = "sidebar";

export function useSidebarVisibility(wide: boolean): SidebarVisibility {
  const [shownWide, setShownWide] = useState(readStored(KEY) !== "hidden");
  const [shownNarrow, setShownNarrow] = useState(false);

  return useMemo(() => {
    const visible = wide ? shownWide : shownNarrow;
    const set = (shown: boolean) => {
      if (wide) {
        writeStored(KEY, shown ? null : "hidden");
        setShownWide(shown);
      } else {
        setShownNarrow(shown);
      }
    };
    return {
      visible,
      show: () => set(true),
      hide: () => set(false),
      toggle: () => set(!visible),
      hideIfNarrow: () => setShownNarrow(false),
    };
  }, [wide, shownWide, shownNarrow]);
}
