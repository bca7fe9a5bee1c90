import { expect, test } from "vitest";
import { MIN_BAR, barOf, fitWindow, panWindow, ticks, timeAt, xOf, zoomWindow } from "./timeline";

const bounds = fitWindow(0, 1_000_000);

test("the whole run fits", () => {
  expect(xOf(0, bounds, 800)).toBe(0);
  expect(xOf(1_000_000, bounds, 800)).toBeLessThan(800);
});

test("zooming keeps the moment under the pointer", () => {
  const before = timeAt(200, bounds, 800);
  expect(timeAt(200, zoomWindow(bounds, 0.5, 200 / 800, bounds), 800)).toBeCloseTo(before, 3);
});

test("zooming and moving stay inside the run", () => {
  expect(zoomWindow(bounds, 100, 0.5, bounds)).toEqual(bounds);
  const near = zoomWindow(bounds, 0.1, 0, bounds);
  expect(panWindow(near, -5_000_000, bounds).fromUs).toBe(0);
  expect(panWindow(near, 5_000_000, bounds).toUs).toBeCloseTo(bounds.toUs, 3);
});

test("a bar is never too thin to see, and absent when out of sight", () => {
  expect(barOf(0, 1, bounds, 800)?.width).toBeGreaterThanOrEqual(MIN_BAR);
  const late = { fromUs: 500_000, toUs: 600_000 };
  expect(barOf(0, 100, late, 800)).toBeNull();
  expect(barOf(700_000, 800_000, late, 800)).toBeNull();
});

test("ticks are round and neither sparse nor crowded", () => {
  const marks = ticks(bounds, 0, 800);
  expect(marks[0]).toBe(0);
  expect(marks.length).toBeGreaterThan(3);
  expect(marks.length).toBeLessThan(10);
  expect(marks[1]).toBe(200_000);
});

test("a moment and its place on the axis are each other's inverse, zoomed or not", () => {
  for (const window of [bounds, zoomWindow(bounds, 0.03, 0.7, bounds)]) {
    for (const x of [0, 123.4, 800]) expect(xOf(timeAt(x, window, 800), window, 800)).toBeCloseTo(x, 6);
  }
});

test("zooming in ends at a millisecond, and zooming out again shows the whole run", () => {
  let window = bounds;
  for (let turn = 0; turn < 60; turn += 1) window = zoomWindow(window, 0.7, 0.4, bounds);
  expect(window.toUs - window.fromUs).toBeCloseTo(1_000, 6);
  for (let turn = 0; turn < 80; turn += 1) window = zoomWindow(window, 1.4, 0.4, bounds);
  expect([window.fromUs, window.toUs]).toEqual([bounds.fromUs, bounds.toUs]);
});

test("a run of no length has an axis all the same", () => {
  const window = fitWindow(5, 5);
  expect(window.toUs).toBeGreaterThan(window.fromUs);
  expect(barOf(5, 5, window, 800)).toEqual({ left: 0, width: MIN_BAR });
});

test("a bar that reaches out of sight is cut just beyond the edges", () => {
  const window = { fromUs: 400_000, toUs: 500_000 };
  const bar = barOf(0, 1_000_000, window, 800);
  expect(bar?.left).toBeLessThan(0);
  expect((bar?.left ?? 0) + (bar?.width ?? 0)).toBeGreaterThan(800);
  expect(bar?.width).toBeLessThan(820);
});

test("ticks of a zoomed window are counted from the beginning of the run", () => {
  const marks = ticks({ fromUs: 430_000, toUs: 470_000 }, 0, 800);
  expect(marks.every((mark) => mark >= 430_000 && mark <= 470_000 && mark % 5_000 === 0)).toBe(true);
  expect(marks.length).toBeGreaterThan(3);
});

test("long runs are ticked by the clock", () => {
  const hour = fitWindow(0, 3_600_000_000);
  expect(ticks(hour, 0, 800)[1]).toBe(600_000_000);
  const month = fitWindow(0, 30 * 86_400_000_000);
  expect((ticks(month, 0, 800)[1] ?? 0) % 86_400_000_000).toBe(0);
});
