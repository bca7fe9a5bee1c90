/** A plan as it stood after each change, and who changed it. */
import type { Planned } from "../../contract";
import { parentPath } from "../path";
import type { RunState } from "../state";

export interface PlanStep {
  text: string;
  isDone: boolean;
}

export interface Revision {
  number: number;
  steps: readonly string[];
  done: number;
  why: string;
  /** Who changed the plan: a person by name, or empty for the agent itself. */
  by: string;
  atUs: number;
  path: string;
}

export interface PlanView {
  steps: readonly PlanStep[];
  revisions: readonly Revision[];
}

/** `notes` are those of one plan, in order; null when there is none. */
export function readPlan(notes: readonly Planned[], run: RunState): PlanView | null {
  const last = notes.at(-1);
  if (!last) return null;
  const revisions: Revision[] = [];
  for (const note of notes) {
    if (revisions.at(-1)?.number === note.revision) continue; // a step was done, nothing was changed
    revisions.push({ number: note.revision, steps: note.steps, done: note.done, why: note.why, by: note.by || reviewer(note, run), atUs: note.at_us, path: note.path });
  }
  return { steps: last.steps.map((text, index) => ({ text, isDone: index < last.done })), revisions };
}

/** A plan that was changed beside a question to a person was changed by whoever answered it. */
function reviewer(note: Planned, run: RunState): string {
  return run.effects.get(`${parentPath(note.path)}/human.1`)?.by ?? "";
}
