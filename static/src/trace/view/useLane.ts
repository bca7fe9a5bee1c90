import { useEffect, useRef, useState, type RefObject } from "react";

/** How wide the lane of the bars is. */
export function useLane(): { lane: RefObject<HTMLDivElement | null>; width: number } {
  const lane = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const element = lane.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.max(80, Math.floor(entry.contentRect.width)));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { lane, width };
}
