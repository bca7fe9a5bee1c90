import { expect, test } from "vitest";
import { formatBytes, formatCompact, formatCost, formatDuration, formatExact, formatRelative, formatTick, plural } from "./numbers";

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

test("a figure that rounds up takes the digits and the unit of what is written", () => {
  expect([9_999_600_000, 999_960_000_000, 999_999_999_999].map(formatCost)).toEqual(["$10.00", "$1,000", "$1,000"]);
  expect([999, 99_949, 99_950, 999_499, 999_950, 1_500_000, 999_994_000, 999_996_000, 7_500_000_000].map(formatCompact)).toEqual(["999", "99.9k", "100k", "999k", "1M", "1.5M", "999.99M", "1B", "7.5B"]);
  expect([999.6, 999_600, 9_996_000, 59_960_000, 3_599_600_000].map(formatDuration)).toEqual(["1 ms", "1.00 s", "10.0 s", "1 m 00 s", "1 h 00 m"]);
  expect([1_023, 1_024, 1_048_575, 1_048_576, 1_073_741_823, 5 * 1_024 ** 3, 2 ** 60].map(formatBytes)).toEqual(["1023 B", "1.0 KiB", "1.0 MiB", "1.0 MiB", "1.0 GiB", "5.0 GiB", "1048576.0 TiB"]);
});

test("costs are never finer than what is counted, and a credit has its sign before the currency", () => {
  expect([1, 12, -1_200_000_000, -1].map(formatCost)).toEqual(["$0.000000001", "$0.000000012", "-$1.200", "-$0.000000001"]);
});

test("what is no number is written as none, and stops nothing", () => {
  for (const none of [NaN, Infinity, -Infinity, undefined as unknown as number]) {
    expect([formatCost(none), formatCompact(none), formatDuration(none), formatBytes(none), formatExact(none)]).toEqual(["–", "–", "–", "–", "–"]);
    expect(formatRelative(none, 0)).toBe("at an unknown time");
  }
  expect([formatDuration(-5), formatBytes(-1), formatExact(8.7e15)]).toEqual(["0 µs", "–", "–"]);
});

test("huge figures stay figures", () => {
  expect([formatCost(Number.MAX_SAFE_INTEGER), formatDuration(Number.MAX_SAFE_INTEGER), formatRelative(0, 8.64e15)]).toEqual(["$9,007,199", "104249 d 23 h", "273,972 years ago"]);
});
