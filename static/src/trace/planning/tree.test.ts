import { expect, test } from "vitest";
import type { Considered } from "../../contract";
import { growTree, openAtFirst, rowsOf, type Branch } from "./tree";

function thought(place: string, value: number, kept = true): Considered {
  const cut = place.lastIndexOf(".");
  return { v: 1, type: "considered", seq: 1, at_us: 1, path: `help#1/note.${place}`, agent: "a", thought: place, parent: cut < 0 ? "" : place.slice(0, cut), text: place, value, kept };
}

const chosen = (branches: readonly Branch[]): string[] => branches.flatMap((branch) => [...(branch.isChosen ? [branch.note.thought] : []), ...chosen(branch.children)]);
const grown = (...notes: Considered[]) => {
  const tree = growTree(notes);
  if (!tree) throw new Error("It grew.");
  return tree;
};

test("without thoughts there is no tree", () => {
  expect(growTree([])).toBeNull();
});

test("thoughts stand below those they go on from, and the best of the deepest was followed", () => {
  const tree = grown(thought("1", 0.9), thought("2", 1), thought("3", 0, false), thought("1.1", 0.5), thought("2.1", 0.4), thought("2.2", 0.5));
  expect(tree.roots.map((branch) => [branch.note.thought, branch.children.length])).toEqual([["1", 1], ["2", 2], ["3", 0]]);
  expect(chosen(tree.roots)).toEqual(["1", "1.1"]);
  expect([tree.size, tree.kept]).toEqual([6, 5]);
});

test("what was dropped is never followed", () => {
  const tree = grown(thought("1", 0.2), thought("1.1", 1, false));
  expect(chosen(tree.roots)).toEqual(["1"]);
});

test("at first the line that was followed is open, and a place opens on request", () => {
  const tree = grown(thought("1", 1), thought("2", 0.5), thought("1.1", 1), thought("2.1", 0.1));
  const open = openAtFirst(tree);
  expect(rowsOf(tree, open).map((row) => row.note.thought)).toEqual(["1", "1.1", "2"]);
  expect(rowsOf(tree, new Set(["2"])).map((row) => row.note.thought)).toEqual(["1", "2", "2.1"]);
});

test("two thousand thoughts grow and are listed within a frame or two, and few rows are shown at first", () => {
  const notes = [thought("1", 1)];
  for (let index = 1; index < 2_000; index += 1) notes.push(thought(`${notes[Math.floor((index - 1) / 20)]?.thought}.${index % 20}`, index / 2_000));
  const begin = performance.now();
  const tree = grown(...notes);
  const rows = rowsOf(tree, openAtFirst(tree));
  expect(performance.now() - begin).toBeLessThan(100);
  expect(tree.size).toBe(2_000);
  expect(rows.length).toBeLessThan(100);
});
