/** Geometry of the waterfall: which stretch of time is shown, and where things lie in it. */

export interface Window {
  fromUs: number;
  toUs: number;
}

export interface Bar {
  left: number;
  width: number;
}

export const MIN_BAR = 4;
const MIN_SPAN_US = 1_000;

/** The whole run with a little air behind it, for labels. */
export function fitWindow(startUs: number, endUs: number): Window {
  const span = Math.max(endUs - startUs, MIN_SPAN_US);
  return { fromUs: startUs, toUs: startUs + span * 1.18 };
}

/** Zooms by `factor` (below 1 is closer) so that what lies at `anchor` (0 to 1) stays there. */
export function zoomWindow(window: Window, factor: number, anchor: number, bounds: Window): Window {
  const span = window.toUs - window.fromUs;
  const full = bounds.toUs - bounds.fromUs;
  const next = Math.min(Math.max(span * factor, MIN_SPAN_US), full);
  const fixed = window.fromUs + span * anchor;
  return clamp({ fromUs: fixed - next * anchor, toUs: fixed + next * (1 - anchor) }, bounds);
}

export function panWindow(window: Window, byUs: number, bounds: Window): Window {
  return clamp({ fromUs: window.fromUs + byUs, toUs: window.toUs + byUs }, bounds);
}

function clamp(window: Window, bounds: Window): Window {
  const span = window.toUs - window.fromUs;
  const from = Math.min(Math.max(window.fromUs, bounds.fromUs), Math.max(bounds.fromUs, bounds.toUs - span));
  return { fromUs: from, toUs: from + span };
}

export function xOf(atUs: number, window: Window, width: number): number {
  return ((atUs - window.fromUs) / (window.toUs - window.fromUs)) * width;
}

export function timeAt(x: number, window: Window, width: number): number {
  return window.fromUs + (x / Math.max(width, 1)) * (window.toUs - window.fromUs);
}

/** Where a bar is drawn, never narrower than can be seen; null when it lies outside. */
export function barOf(startUs: number, endUs: number, window: Window, width: number): Bar | null {
  const left = xOf(startUs, window, width);
  const right = Math.max(xOf(endUs, window, width), left + MIN_BAR);
  if (right < 0 || left > width) return null;
  const from = Math.max(left, -MIN_BAR);
  return { left: from, width: Math.min(right, width + MIN_BAR) - from };
}

const SECOND = 1_000_000;
/** Steps people read easily: tens below a minute, clock steps above. */
const STEPS: readonly number[] = [
  ...[0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((factor) => factor * 10 ** power)),
  ...[10, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200].map((seconds) => seconds * SECOND),
];
const DAY = 86_400 * SECOND;

/** Round moments about `spacing` pixels apart, as microseconds since `originUs`. */
export function ticks(window: Window, originUs: number, width: number, spacing = 110): number[] {
  const rough = ((window.toUs - window.fromUs) / Math.max(width, 1)) * spacing;
  const step = STEPS.find((candidate) => candidate >= rough) ?? Math.ceil(rough / DAY) * DAY;
  const first = Math.ceil((window.fromUs - originUs) / step);
  const last = Math.floor((window.toUs - originUs) / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
}
