import { expect, test } from "vitest";
import { formatCompact, formatCost, formatDuration, formatRelative, formatTick, plural } from "./numbers";

test("costs have four significant digits", () => {
  expect([0, 1_234_567_890, 12_345_678, 1_234, 123_456_789_000, 1_234_567_890_000].map(formatCost)).toEqual([
    "$0",
    "$1.235",
    "$0.01235",
    "$0.000001234",
    "$123.5",
    "$1,235",
  ]);
});

test("durations take the unit that fits", () => {
  expect([0, 480, 12_400, 1_240_000, 42_000_000, 185_000_000, 8_040_000_000].map(formatDuration)).toEqual([
    "0 µs",
    "480 µs",
    "12 ms",
    "1.24 s",
    "42.0 s",
    "3 m 05 s",
    "2 h 14 m",
  ]);
});

test("large counts are shortened", () => {
  expect([812, 4_210, 98_000, 1_310_000].map(formatCompact)).toEqual(["812", "4.2k", "98k", "1.31M"]);
});

test("times are told from now", () => {
  const now = 1_000_000_000;
  expect([now - 3_000, now - 180_000, now - 86_400_000].map((then) => formatRelative(then, now))).toEqual([
    "just now",
    "3 minutes ago",
    "yesterday",
  ]);
});

test("one is not many", () => {
  expect([plural(1, "problem"), plural(2, "problem"), plural(2, "try", "tries")]).toEqual(["1 problem", "2 problems", "2 tries"]);
});

test("marks on an axis leave zeros out", () => {
  expect([0, 200_000, 2_000_000, 1_500_000, 20_000_000, 120_000_000, 90_000_000, 3_600_000_000].map(formatTick)).toEqual([
    "0",
    "200 ms",
    "2 s",
    "1.5 s",
    "20 s",
    "2 m",
    "1 m 30 s",
    "1 h",
  ]);
});
