import { expect, test } from "vitest";
import type { Json, ReducerName } from "../contract";
import { byChannel, valueAfter } from "./channels";
import type { ChannelWrite } from "./state";

const write = (reducer: ReducerName, value: Json, initial: Json = null, channel = "c"): ChannelWrite => ({ path: "a#1", channel, reducer, initial, value, atUs: 1 });

test.each<[ReducerName, Json[], Json, Json]>([
  ["last", [1, 2], null, 2],
  ["append", [1, [2]], null, [1, [2]]],
  ["append", [1], ["first"], ["first", 1]],
  ["extend", [[1], [2, 3]], null, [1, 2, 3]],
  ["merge", [{ a: 1, b: 1 }, { b: 2 }], null, { a: 1, b: 2 }],
  ["sum", [1, 2.5], null, 3.5],
  ["sum", [1], 10, 11],
  ["max", [-1, -3], null, -1],
  ["min", [4, 2], 3, 2],
])("%s of %j beginning from %j gives %j", (reducer, values, initial, expected) => {
  expect(valueAfter(values.map((value) => write(reducer, value, initial)))).toEqual(expected);
});

test("nothing written leaves nothing", () => {
  expect(valueAfter([])).toBeNull();
});

test("channels keep their own writes, in the order in which they were first written", () => {
  const writes = [write("sum", 1, null, "b"), write("sum", 2, null, "a"), write("sum", 3, null, "b")];
  expect([...byChannel(writes)].map(([name, own]) => [name, own.map((one) => one.value)])).toEqual([
    ["b", [1, 3]],
    ["a", [2]],
  ]);
});
