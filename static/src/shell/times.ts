/** Every <time datetime> reads "3 minutes ago", with the exact moment on hover. */
import { formatExact, formatRelative } from "../figures";

const EVERY_MS = 30_000;

export function refreshTimes(now: number): void {
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const at = Date.parse(element.dateTime);
    if (Number.isNaN(at)) continue;
    element.textContent = formatRelative(at, now);
    element.title = formatExact(at);
  }
}

export function startTimes(): void {
  refreshTimes(Date.now());
  window.setInterval(() => refreshTimes(Date.now()), EVERY_MS);
}
