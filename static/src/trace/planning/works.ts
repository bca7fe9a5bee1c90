/** What the agents of a step noted while they planned, taken apart by piece of work: one conversation's plan, tree and rounds. */
import type { AgentTold, Correction, Planned, Reflected, Thought } from "../../contract";
import { activationKey, isWithin, parentPath } from "../path";
import { stepAt, type EffectState, type RunState } from "../state";
import { readPlan, type PlanView } from "./plan";
import { growTree, type Tree } from "./tree";

/** `base` is the path of the work: an attempt of a step, or something inside it. */
export interface Work {
  base: string;
  agent: string;
  plan: PlanView | null;
  thoughts: readonly ThoughtView[];
  tree: Tree | null;
  rounds: readonly Reflected[];
  corrections: readonly Correction[];
}

export interface ThoughtView {
  note: Thought;
  /** The calls that were made with it. */
  actions: readonly EffectState[];
}

/** Where a note belongs to a whole piece of work, and not to one part of it. */
const PARTS = /\/(?:plan|step\.\d+|replan\.\d+|review\.\d+|answer|attempt\.\d+|critique\.\d+|(?:depth|visit)\.\d+|(?:from|sample|value|vote)\.\d+|turn\.\d+\.call\.\d+)$/;

export function baseOf(path: string): string {
  let base = parentPath(path);
  while (PARTS.test(base)) base = parentPath(base);
  return base;
}

/** The works within a step's attempt, in the order in which they began to say something. */
export function worksIn(run: RunState, path: string): Work[] {
  const bases = new Map<string, RunState["notes"]>();
  for (const note of run.notes) {
    if (note.type === "agent_heard" || !isWithin(note.path, path)) continue;
    const base = baseOf(note.path);
    const known = bases.get(base);
    if (known) known.push(note);
    else bases.set(base, [note]);
  }
  const actions = actionsByPlace(run);
  return [...bases].map(([base, notes]) => ({
    base,
    agent: notes[0]?.agent ?? "",
    plan: readPlan(notes.filter((note): note is Planned => note.type === "planned"), run),
    thoughts: notes.flatMap((note) => (note.type === "thought" ? [{ note, actions: actions.get(parentPath(note.path)) ?? [] }] : [])),
    tree: growTree(notes.filter((note) => note.type === "considered")),
    rounds: notes.filter((note): note is Reflected => note.type === "reflected"),
    corrections: notes.filter((note): note is Correction => note.type === "correction"),
  }));
}

function actionsByPlace(run: RunState): Map<string, EffectState[]> {
  const found = new Map<string, EffectState[]>();
  for (const effect of run.effects.values()) {
    if (effect.kind === "model") continue;
    const place = parentPath(effect.path);
    found.set(place, [...(found.get(place) ?? []), effect]);
  }
  return found;
}

export type Heard = "unread" | "read" | "late";

export interface Message {
  told: AgentTold;
  heard: Heard;
  /** The model call before which it was read first; empty when it was not. */
  before: string;
}

/** What people said to the agent of a step, by the path of any of its attempts. */
export function messagesTo(run: RunState, path: string): Message[] {
  const step = stepAt(run, path);
  if (!step) return [];
  const first = activationKey(step.scope, step.node, step.activation);
  const isOver = !isAtWork(step.status);
  return run.told
    .filter((told) => told.to === first)
    .map((told) => {
      const note = run.notes.find((one) => one.type === "agent_heard" && one.told.includes(told.seq));
      const before = note ? note.path.replace(/heard\.(\d+)$/, "model.$1") : "";
      return { told, before, heard: note ? "read" : isOver ? "late" : "unread" };
    });
}

export function isAtWork(status: string): boolean {
  return status === "running" || status === "waiting" || status === "retrying";
}

/** A message that was sent, and that the log as it was then ended at `afterSeq`. */
export interface Sent {
  text: string;
  afterSeq: number;
}

/** What was sent and is not in the log yet. */
export function onTheWay(sent: readonly Sent[], messages: readonly Message[]): Sent[] {
  const arrived = messages.map((message) => message.told);
  return sent.filter((one) => {
    const at = arrived.findIndex((told) => told.seq > one.afterSeq && told.text === one.text);
    if (at >= 0) arrived.splice(at, 1);
    return at < 0;
  });
}
