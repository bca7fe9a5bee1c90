import { expect, test } from "vitest";
import { tablePath, valueAt } from "./output";

test("the first list of objects is the table", () => {
  expect(tablePath({ summary: "x", result: { rows: [{ a: 1 }] } })).toBe("result.rows");
  expect(tablePath([{ a: 1 }])).toBe("");
  expect(tablePath({ names: ["a"] })).toBeNull();
  expect(tablePath([])).toBeNull();
});

test("a big list that was put aside is a table too", () => {
  expect(tablePath({ rows: { $blob: "ab", size: 20_000, preview: '[{"id": 1' } })).toBe("rows");
});

test("a value is found by its path", () => {
  expect(valueAt({ result: { rows: [1] } }, "result.rows")).toEqual([1]);
  expect(valueAt({ a: 1 }, "b.c")).toBeNull();
});
