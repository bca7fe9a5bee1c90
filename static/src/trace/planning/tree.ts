/** A tree of thoughts: what was considered, what it was worth, and the line that was followed. */
import type { Considered } from "../../contract";

export interface Branch {
  note: Considered;
  children: Branch[];
  /** On the way to the best thought, from which the agent answers. */
  isChosen: boolean;
  depth: number;
}

export interface Tree {
  roots: readonly Branch[];
  size: number;
  kept: number;
}

export function growTree(notes: readonly Considered[]): Tree | null {
  if (notes.length === 0) return null;
  const byPlace = new Map<string, Branch>();
  const roots: Branch[] = [];
  let best: Branch | null = null;
  for (const note of notes) {
    const parent = byPlace.get(note.parent);
    const branch: Branch = { note, children: [], isChosen: false, depth: parent ? parent.depth + 1 : 1 };
    byPlace.set(note.thought, branch);
    (parent?.children ?? roots).push(branch);
    if (note.kept && (!best || isBetter(branch, best))) best = branch;
  }
  for (let at: Branch | undefined = best ?? undefined; at; at = byPlace.get(at.note.parent)) at.isChosen = true;
  return { roots, size: notes.length, kept: notes.filter((note) => note.kept).length };
}

/** Deeper, or as deep and worth more: the first of equals, as the search ranks them. */
function isBetter(a: Branch, b: Branch): boolean {
  return a.depth > b.depth || (a.depth === b.depth && a.note.value > b.note.value);
}

/** The places that are open at first: the line that was followed. */
export function openAtFirst(tree: Tree): Set<string> {
  const open = new Set<string>();
  let level: readonly Branch[] = tree.roots;
  for (;;) {
    const chosen = level.find((branch) => branch.isChosen);
    if (!chosen) return open;
    open.add(chosen.note.thought);
    level = chosen.children;
  }
}

/** The rows to show, top to bottom. */
export function rowsOf(tree: Tree, open: ReadonlySet<string>): Branch[] {
  const rows: Branch[] = [];
  const waiting = [...tree.roots].reverse();
  for (let branch = waiting.pop(); branch; branch = waiting.pop()) {
    rows.push(branch);
    if (open.has(branch.note.thought)) for (let index = branch.children.length - 1; index >= 0; index -= 1) waiting.push(branch.children[index] as Branch);
  }
  return rows;
}
