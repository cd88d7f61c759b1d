import { useEffect } from "react";
import { COMPOSER_ID } from "@/features/chat/composer";
import type { ViewerTarget } from "@/features/documents/viewer/viewer-target";
import { SEARCH_ID } from "@/features/search/search";
import { readStored, writeStored } from "@/lib/browser-storage";
import { createStore } from "@/lib/store";

const SINGLE_KEYS = "single-key-shortcuts";

/** Shortcuts of one character can be switched off (WCAG 2.1.4). */
export const singleKeysEnabled = createStore(readStored(SINGLE_KEYS) !== "off");

export function setSingleKeysEnabled(enabled: boolean): void {
  writeStored(SINGLE_KEYS, enabled ? null : "off");
  singleKeysEnabled.set(enabled);
}

type ShortcutActions = {
  newConversation: () => void;
  showSidebar: () => void;
  toggleSidebar: () => void;
  showShortcuts: () => void;
  viewer: {
    target: ViewerTarget | null;
    showCitation: (position: number) => void;
    close: () => void;
  };
};

export function useShortcuts(actions: ShortcutActions): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (
        event.defaultPrevented ||
        document.querySelector("[role=dialog], [role=alertdialog], [role=menu]")
      ) {
        return;
      }
      const action = findAction(event, actions);
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [actions]);
}

function findAction(event: KeyboardEvent, actions: ShortcutActions): (() => void) | undefined {
  const { viewer } = actions;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "k") return () => focusSearch(actions);
    if (key === "b") return actions.toggleSidebar;
    if (key === "o" && event.shiftKey) return actions.newConversation;
    return undefined;
  }
  if (event.altKey || isTyping(event.target)) return undefined;
  if (key === "escape" && viewer.target) return viewer.close;
  if (!singleKeysEnabled.get()) return undefined;
  const position = viewer.target?.citation?.position;
  const shortcuts: Record<string, (() => void) | undefined> = {
    "?": actions.showShortcuts,
    "/": () => document.getElementById(COMPOSER_ID)?.focus(),
    "[": position === undefined ? undefined : () => viewer.showCitation(position - 1),
    "]": position === undefined ? undefined : () => viewer.showCitation(position + 1),
  };
  return shortcuts[key];
}

function focusSearch({ showSidebar }: ShortcutActions): void {
  showSidebar();
  // The field may only now be drawn.
  requestAnimationFrame(() => document.getElementById(SEARCH_ID)?.focus());
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}
