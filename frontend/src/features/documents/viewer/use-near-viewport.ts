import { type RefObject, useEffect, useState } from "react";

/** Whether the element is, or is about to come, into view. */
export function useNearViewport(ref: RefObject<HTMLElement | null>, marginPx = 800): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const observer = new IntersectionObserver(
      (entries) => setNear(entries.at(-1)?.isIntersecting ?? false),
      { root: element.closest("[data-page-scroller]"), rootMargin: `${marginPx}px 0px` },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref, marginPx]);
  return near;
}
