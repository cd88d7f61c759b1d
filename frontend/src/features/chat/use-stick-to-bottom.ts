import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

const NEAR_BOTTOM_PX = 64;

type StickToBottom = {
  scrollRef: RefObject<HTMLDivElement | null>;
  contentRef: RefObject<HTMLDivElement | null>;
  atBottom: boolean;
  onScroll: () => void;
  scrollToBottom: (behavior?: ScrollBehavior) => void;
  /** Shows a part of the content, and no longer follows its end. */
  scrollTo: (element: Element) => void;
};

/**
 * Follows growing content as long as the reader has not scrolled away from its end.
 *
 * That is told by the direction: a scroll event comes a frame late, when more than a screen may
 * have been added below, and only the reader moves up.
 */
export function useStickToBottom(): StickToBottom {
  const scrollRef = useRef<HTMLDivElement>(null);
  const contentRef = useRef<HTMLDivElement>(null);
  const pinnedRef = useRef(true);
  const lastTopRef = useRef(0);
  const [atBottom, setAtBottom] = useState(true);

  const scrollToBottom = useCallback((behavior: ScrollBehavior = "instant") => {
    pinnedRef.current = true;
    setAtBottom(true);
    scrollRef.current?.scrollTo({ top: scrollRef.current.scrollHeight, behavior });
  }, []);

  const scrollTo = useCallback((element: Element) => {
    pinnedRef.current = false;
    element.scrollIntoView({ block: "center" });
  }, []);

  const onScroll = useCallback(() => {
    const element = scrollRef.current;
    if (!element) return;
    const movedUp = element.scrollTop < lastTopRef.current;
    lastTopRef.current = element.scrollTop;
    const distance = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (distance < NEAR_BOTTOM_PX) pinnedRef.current = true;
    else if (movedUp) pinnedRef.current = false;
    setAtBottom(pinnedRef.current);
  }, []);

  useEffect(() => {
    const content = contentRef.current;
    const scroller = scrollRef.current;
    if (!content || !scroller) return undefined;
    const observer = new ResizeObserver(() => {
      if (pinnedRef.current) scroller.scrollTo({ top: scroller.scrollHeight });
    });
    observer.observe(content);
    observer.observe(scroller);
    return () => observer.disconnect();
  }, []);

  return { scrollRef, contentRef, atBottom, onScroll, scrollToBottom, scrollTo };
}
