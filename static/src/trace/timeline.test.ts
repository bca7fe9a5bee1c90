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

test("long runs are ticked by the clock", () => {
  const hour = fitWindow(0, 3_600_000_000);
  expect(ticks(hour, 0, 800)[1]).toBe(600_000_000);
  const month = fitWindow(0, 30 * 86_400_000_000);
  expect((ticks(month, 0, 800)[1] ?? 0) % 86_400_000_000).toBe(0);
});
