import { useEffect, useState } from "react";

/** The time, told again every `everyMs` while `isLive`. */
export function useNow(isLive: boolean, everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isLive) return;
    const timer = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [isLive, everyMs]);
  return now;
}
