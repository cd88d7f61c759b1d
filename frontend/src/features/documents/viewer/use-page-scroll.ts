import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** Pages carry this attribute with their number. */
export const PAGE_ATTRIBUTE = "data-page";

type PageScroll = {
  scrollRef: RefObject<HTMLDivElement | null>;
  /** The page the reader is looking at. */
  currentPage: number;
  goToPage: (page: number) => void;
  onScroll: () => void;
};

export function usePageScroll(initialPage: number): PageScroll {
  const scrollRef = useRef<HTMLDivElement>(null);
  const frameRef = useRef<number | null>(null);
  const [currentPage, setCurrentPage] = useState(initialPage);

  const goToPage = useCallback((page: number) => {
    scrollRef.current?.querySelector(`[${PAGE_ATTRIBUTE}="${page}"]`)?.scrollIntoView();
    setCurrentPage(page);
  }, []);

  const onScroll = useCallback(() => {
    frameRef.current ??= requestAnimationFrame(() => {
      frameRef.current = null;
      if (scrollRef.current) setCurrentPage(pageInView(scrollRef.current));
    });
  }, []);

  useEffect(
    () => () => {
      if (frameRef.current !== null) cancelAnimationFrame(frameRef.current);
    },
    [],
  );

  return { scrollRef, currentPage, goToPage, onScroll };
}

/** The last page that begins above the middle of the visible part. */
function pageInView(scroller: HTMLElement): number {
  const pages = scroller.querySelectorAll(`[${PAGE_ATTRIBUTE}]`);
  const bounds = scroller.getBoundingClientRect();
  const middle = bounds.top + bounds.height / 2;
  let low = 0;
  let high = pages.length - 1;
  while (low < high) {
    const probe = Math.ceil((low + high) / 2);
    const top = pages[probe]?.getBoundingClientRect().top ?? 0;
    if (top <= middle) low = probe;
    else high = probe - 1;
  }
  return Number(pages[low]?.getAttribute(PAGE_ATTRIBUTE) ?? 1);
}
