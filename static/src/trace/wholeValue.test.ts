import { expect, test, vi } from "vitest";
import type { Json } from "../contract";
import { isInParts, wholeValue } from "./wholeValue";

const stored = (sha256: string): Json => ({ $blob: sha256, size: 20_000, preview: "Dear" });
const load = vi.fn((sha256: string) => Promise.resolve<Json>(sha256 === "own" ? { $blob: "mine" } : `whole ${sha256}`));

test("every part that was stored apart is put back, wherever it was", async () => {
  const value: Json = { payload: stored("a"), list: [1, stored("b"), { deep: stored("c") }], text: "t", none: null };
  expect(isInParts(value)).toBe(true);
  expect(await wholeValue(value, load)).toEqual({ payload: "whole a", list: [1, "whole b", { deep: "whole c" }], text: "t", none: null });
  expect(await wholeValue(stored("all"), load)).toBe("whole all");
});

test("what somebody calls $blob is theirs: beside stored parts it is escaped, in them it is not", async () => {
  expect(await wholeValue({ $$blob: "x", $$$blob: 1, $blobs: 2 }, load)).toEqual({ $blob: "x", $$blob: 1, $blobs: 2 });
  expect(await wholeValue(stored("own"), load)).toEqual({ $blob: "mine" });
  expect([isInParts({ $$blob: "x" }), isInParts({ $blobs: 2 }), isInParts(["$blob"])]).toEqual([true, false, false]);
});

test("a whole value is itself, and nothing is asked for", async () => {
  load.mockClear();
  for (const value of [null, 0, "", "$blob", [], {}, { a: [null, { b: 1 }] }] as Json[]) {
    expect([isInParts(value), await wholeValue(value, load)]).toEqual([false, value]);
  }
  expect(load).not.toHaveBeenCalled();
});

test("a part that cannot be had is a failure, never half a value", async () => {
  await expect(wholeValue([stored("a"), stored("b")], () => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
});
