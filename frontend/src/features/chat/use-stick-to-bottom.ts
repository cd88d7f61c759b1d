import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

const NEAR_BOTTOM_PX = 64;
const READER_SCROLLS_FOR_MS = 1000;
const KEYS_UPWARDS = ["ArrowUp", "PageUp", "Home"];

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
 * A scroll event does not tell who scrolled, and comes a frame late, when more may have been added
 * below. So only a move upwards counts, and only with a wheel, finger, pointer or key.
 */
export function useStickToBottom(): StickToBottom {
  const scrollRef = useRef<HTMLDivElement>(null);
  const contentRef = useRef<HTMLDivElement>(null);
  const pinnedRef = useRef(true);
  const lastTopRef = useRef(0);
  const readerScrollsUntilRef = useRef(0);
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
    else if (movedUp && performance.now() < readerScrollsUntilRef.current) pinnedRef.current = false;
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

  useEffect(() => {
    const scroller = scrollRef.current;
    if (!scroller) return undefined;
    const begin = () => (readerScrollsUntilRef.current = Infinity);
    const note = () => (readerScrollsUntilRef.current = performance.now() + READER_SCROLLS_FOR_MS);
    const noteKey = ({ key }: KeyboardEvent) => {
      if (KEYS_UPWARDS.includes(key)) note();
    };
    const release = () => {
      if (readerScrollsUntilRef.current === Infinity) note();
    };
    const stop = new AbortController();
    const options = { passive: true, signal: stop.signal };
    scroller.addEventListener("wheel", note, options);
    scroller.addEventListener("touchmove", note, options);
    scroller.addEventListener("pointerdown", begin, options);
    window.addEventListener("pointerup", release, options);
    window.addEventListener("pointercancel", release, options);
    window.addEventListener("keydown", noteKey, options);
    return () => stop.abort();
  }, []);

  return { scrollRef, contentRef, atBottom, onScroll, scrollToBottom, scrollTo };
}
