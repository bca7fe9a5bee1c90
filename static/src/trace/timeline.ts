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

const STEPS = [1, 2, 5];

/** Round moments about `spacing` pixels apart, as microseconds since `originUs`. */
export function ticks(window: Window, originUs: number, width: number, spacing = 110): number[] {
  const rough = ((window.toUs - window.fromUs) / Math.max(width, 1)) * spacing;
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = (STEPS.find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
  const first = Math.ceil((window.fromUs - originUs) / step);
  const last = Math.floor((window.toUs - originUs) / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
}
