import { expect, test } from "vitest";
import { dice } from "../dice";
import { record, redo, startHistory, undo, type History } from "./history";

test("whatever is edited, undone and redone, each step back is the document before, each step on the one after", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const roll = dice(seed);
    let history: History<{ n: number }> = startHistory({ n: 0 });
    let line = [history.present];
    let at = 0;
    for (let step = 1; step <= 60; step += 1) {
      const act = roll(4);
      if (act <= 1) {
        const next = { n: step };
        history = record(history, next, step * 10_000, roll(2) ? "field" : null);
        line = [...line.slice(0, at + 1), next];
        at += 1;
      } else if (act === 2) {
        history = undo(history);
        at = Math.max(0, at - 1);
      } else {
        history = redo(history);
        at = Math.min(line.length - 1, at + 1);
      }
      expect(history.present).toBe(line[at]);
    }
  }
});

test("typing after an undo is a step of its own, in whichever field", () => {
  let history = record(startHistory(""), "a", 0, "title");
  history = undo(history);
  history = record(history, "b", 10, "title");
  expect([undo(history).present, redo(history).present]).toEqual(["", "b"]);
});

test("what is typed after an undo takes the place of what was undone", () => {
  let history = record(record(startHistory("0"), "1", 0), "2", 1);
  history = record(undo(history), "3", 2);
  expect([redo(history).present, undo(history).present, undo(undo(history)).present]).toEqual(["3", "1", "0"]);
});

test("ten thousand edits can be made, and the last of them undone", () => {
  let history: History<number> = startHistory(0);
  for (let n = 1; n <= 10_000; n += 1) history = record(history, n, n * 10_000, "field");
  for (let n = 9_999; n >= 9_800; n -= 1) {
    history = undo(history);
    expect(history.present).toBe(n);
  }
  expect(undo(history)).toBe(history);
  for (let n = 0; n < 200; n += 1) history = redo(history);
  expect(history.present).toBe(10_000);
});

test("a clock that was put back does not join edits that stand apart", () => {
  let history = record(startHistory(""), "a", 3_600_000, "title");
  history = record(history, "ab", 0, "title");
  expect(undo(history).present).toBe("a");
});
