/** What the canvas shows of a run: each node's state, now or as of a moment, for all items or one. */
import type { AnyStatus } from "../figures";
import type { Face } from "../nodes";
import { isWithin, parentPath } from "./path";
import type { Span } from "./spans";
import { stepAt, type RunState, type StepState } from "./state";

export interface FaceView {
  /** Null: as of the end, or now. */
  atUs: number | null;
  /** The item of a map to look at; null for all of them together. */
  item: string | null;
  nowUs: number;
}

function statusAt(step: StepState, atUs: number | null): AnyStatus | null {
  if (atUs === null) return step.status;
  const attempt = [...step.attempts].reverse().find((one) => one.startedUs <= atUs);
  if (!attempt) return null;
  return attempt.endedUs !== null && attempt.endedUs <= atUs ? attempt.status : "running";
}

/** A step counts for an item when it is inside it, or outside of every item of that map. */
function counts(step: StepState, item: string | null): boolean {
  if (item === null) return true;
  return isWithin(step.scope, item) || isWithin(item, step.scope);
}

function tally(statuses: readonly AnyStatus[], total: number | null): NonNullable<Face["counts"]> {
  const of = (...wanted: AnyStatus[]) => statuses.filter((status) => wanted.includes(status)).length;
  return { total, succeeded: of("succeeded"), failed: of("failed"), waiting: of("waiting"), running: of("running", "retrying") };
}

const GRAVITY: readonly AnyStatus[] = ["running", "retrying", "waiting", "failed", "succeeded", "cancelled", "skipped"];

function worst(statuses: readonly AnyStatus[]): AnyStatus {
  return GRAVITY.find((status) => statuses.includes(status)) ?? "idle";
}

function faceOf(steps: readonly StepState[], state: RunState, spans: ReadonlyMap<string, Span>, view: FaceView): Face {
  const seen = steps.flatMap((step) => {
    const status = statusAt(step, view.atUs);
    return status === null ? [] : [{ step, status: view.atUs === null ? cutOff(status, state) : status }];
  });
  const scopes = new Set(seen.map((one) => one.step.scope));
  const latest = seen.at(-1);
  let tokens = 0;
  let costNano = 0;
  let durationUs = 0;
  for (const { step } of seen) {
    for (const attempt of step.attempts) {
      const usage = spans.get(attempt.path)?.usage;
      tokens += (usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0);
      costNano += usage?.cost_nano_usd ?? 0;
      durationUs += Math.max(0, (attempt.endedUs ?? state.endedUs ?? view.nowUs) - attempt.startedUs);
    }
  }
  const statuses = seen.map((one) => one.status);
  const isMany = scopes.size > 1;
  return {
    status: isMany ? worst(statuses) : (latest?.status ?? "idle"),
    durationUs: isMany || seen.every((one) => one.status === "skipped") ? null : durationUs,
    tokens,
    costNano,
    counts: isMany ? tally(statuses, null) : null,
  };
}

function cutOff(status: AnyStatus, state: RunState): AnyStatus {
  const isOpen = status === "running" || status === "waiting" || status === "retrying";
  return state.endedUs !== null && isOpen ? "cancelled" : status;
}

/** How far a map has come: its items, of as many as its list has. */
function itemCounts(node: string, state: RunState, view: FaceView): Face["counts"] {
  const items = [...state.scopes.values()].filter((scope) => scope.node === node && (view.atUs === null || scope.startedUs <= view.atUs));
  if (items.length === 0 || view.item !== null) return null;
  const statuses = items.map((item): AnyStatus => (view.atUs !== null && (item.endedUs ?? Infinity) > view.atUs ? "running" : item.status));
  const list = Object.values(stepAt(state, parentPath(items[0]?.scope ?? ""))?.inputs ?? {}).find((value) => Array.isArray(value));
  const isOver = [...state.steps.values()].every((step) => step.node !== node || step.status === "succeeded" || step.status === "failed");
  return tally(statuses, isOver && view.atUs === null ? items.length : Array.isArray(list) && list.length >= items.length ? list.length : null);
}

export function facesOf(state: RunState, spans: ReadonlyMap<string, Span>, view: FaceView): { nodes: Record<string, Face>; edges: Record<string, number> } {
  const byNode = new Map<string, StepState[]>();
  for (const step of state.steps.values()) {
    if (!counts(step, view.item)) continue;
    const known = byNode.get(step.node);
    if (known) known.push(step);
    else byNode.set(step.node, [step]);
  }
  const nodes: Record<string, Face> = {};
  const edges: Record<string, number> = {};
  const maps = new Set([...state.scopes.values()].map((scope) => scope.node));
  for (const [node, steps] of byNode) {
    const face = faceOf(steps, state, spans, view);
    nodes[node] = maps.has(node) ? { ...face, counts: itemCounts(node, state, view) } : face;
    for (const step of steps) {
      const isOver = view.atUs === null || (step.attempts.at(-1)?.endedUs ?? Infinity) <= view.atUs;
      if (isOver) for (const edge of step.edges) edges[edge] = (edges[edge] ?? 0) + 1;
    }
  }
  return { nodes, edges };
}
