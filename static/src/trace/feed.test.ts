import { expect, test } from "vitest";
import type { RunEvent } from "../contract";
import { takeIn } from "./feed";

const events = (...numbers: number[]): RunEvent[] => numbers.map((seq) => ({ v: 1, type: "run_paused", seq, at_us: seq, by: "" }));
const taken = (last: number, ...numbers: number[]) => {
  const { accepted, gap } = takeIn(last, events(...numbers));
  return [accepted.map((event) => event.seq), gap];
};

test("what is known already is dropped", () => {
  expect(taken(12, 11, 12, 13)).toEqual([[13], false]);
  expect(taken(12, 11, 12, 11, 12, 13)).toEqual([[13], false]);
});

test("a hole ends the intake, and what comes after it is asked for again", () => {
  expect(taken(3, 4, 6, 7)).toEqual([[4], true]);
  expect(taken(3, 5)).toEqual([[], true]);
});

test("nothing new is no gap", () => {
  expect(taken(3)).toEqual([[], false]);
  expect(taken(3, 1, 2, 3)).toEqual([[], false]);
});
