/** Spans: what the waterfall shows. A tree by path, built from the fold. */
import { isBad, type AnyStatus } from "../figures";
import type { ErrorInfo } from "../contract";
import { besideOf, groupsBetween, type Group } from "./groups";
import { ancestors, parentPath } from "./path";
import { NO_USAGE, addUsage, joinUsage, type EffectState, type RunState, type UsageTotals } from "./state";

export type SpanSort = "run" | "step" | "item" | "part" | "model" | "tool" | "human" | "timer" | "child" | "memory" | "effect";

export interface Span {
  path: string;
  sort: SpanSort;
  name: string;
  detail: string;
  node: string;
  status: AnyStatus;
  startUs: number;
  endUs: number | null;
  waits: boolean;
  usage: UsageTotals;
  error: ErrorInfo | null;
  depth: number;
  parent: Span | null;
  children: Span[];
}

const EFFECT_SORTS: ReadonlyMap<string, SpanSort> = new Map([
  ["model", "model"],
  ["tool", "tool"],
  ["human", "human"],
  ["timer", "timer"],
  ["start_run", "child"],
  ["run", "child"],
  ["recall", "memory"],
  ["remember", "memory"],
]);
const SORT_TITLE: Record<SpanSort, string> = {
  run: "Run",
  step: "Step",
  item: "Item",
  part: "Part of the work",
  model: "Model call",
  tool: "Tool call",
  human: "Waiting for a person",
  timer: "Timer",
  child: "Another run",
  memory: "Memory",
  effect: "Effect",
};

export function sortTitle(sort: SpanSort): string {
  return SORT_TITLE[sort];
}

type Seed = Omit<Span, "depth" | "parent" | "children">;

function open(seed: Seed): Span {
  return { ...seed, depth: 0, parent: null, children: [] };
}

function stepSpans(state: RunState, titles: ReadonlyMap<string, string>): Span[] {
  const spans: Span[] = [];
  for (const step of state.steps.values()) {
    step.attempts.forEach((attempt, index) => {
      const isLast = index === step.attempts.length - 1;
      spans.push(
        open({
          path: attempt.path,
          sort: "step",
          name: titles.get(step.node) || step.node,
          detail: [step.activation > 1 ? `#${step.activation}` : "", attempt.number > 1 ? `attempt ${attempt.number}` : ""].filter(Boolean).join(" "),
          node: step.node,
          status: isLast ? step.status : attempt.status,
          startUs: attempt.startedUs,
          endUs: attempt.endedUs,
          waits: false,
          usage: NO_USAGE,
          error: attempt.error,
        }),
      );
    });
  }
  return spans;
}

function itemSpans(state: RunState): Span[] {
  return [...state.scopes.values()].map((item) =>
    open({
      path: item.scope,
      sort: "item",
      name: item.label || `item ${item.index}`,
      detail: "",
      node: item.node,
      status: item.status,
      startUs: item.startedUs,
      endUs: item.endedUs,
      waits: false,
      usage: NO_USAGE,
      error: item.error,
    }),
  );
}

/** What a person is asked has a title, and so have things without a name of their own; other requests have none. */
function titleOf({ kind, name, request }: EffectState): string {
  const asked = request !== null && typeof request === "object" && !Array.isArray(request) ? request : {};
  if (kind === "start_run") return typeof asked.graph === "string" ? `Start ${asked.graph}` : "Start a run";
  if (kind === "run") return "Wait for that run";
  if (kind === "recall" || kind === "remember") return `${kind === "recall" ? "Recall from" : "Keep in"} ${name}`;
  return name || (typeof asked.title === "string" ? asked.title : "") || kind;
}

function effectSpans(state: RunState): Span[] {
  return [...state.effects.values()].map((effect) =>
    open({
      path: effect.path,
      sort: EFFECT_SORTS.get(effect.kind) ?? "effect",
      name: titleOf(effect),
      detail: effect.agent,
      node: "",
      status: effect.status,
      startUs: effect.startedUs,
      endUs: effect.endedUs,
      waits: effect.waits,
      usage: [...effect.failures, effect].reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE),
      error: effect.error,
    }),
  );
}

function byStart(a: Span, b: Span): number {
  return a.startUs - b.startUs || (a.path < b.path ? -1 : 1);
}

/** What still ran when the run ended was cut off with it. */
function cutOff(span: Span, endedUs: number): void {
  if (span.endUs !== null) return;
  span.endUs = endedUs;
  if (span.status === "running" || span.status === "waiting" || span.status === "retrying") span.status = "cancelled";
}

function settle(span: Span, depth: number): void {
  span.depth = depth;
  for (const child of span.children) {
    if (child.node === "") child.node = span.node;
    settle(child, depth + 1);
    span.usage = joinUsage(span.usage, child.usage);
  }
  span.children.sort(byStart);
  if (span.sort === "part") settlePart(span);
}

function partSpan(group: Group): Span {
  return open({ path: group.path, sort: "part", name: group.name, detail: "", node: "", status: "succeeded", startUs: 0, endUs: 0, waits: false, usage: NO_USAGE, error: null });
}

/** The parts of the work that a call is in, each opened when the first call in it is met; what lies innermost. */
function openParts(outer: Span, path: string, byPath: Map<string, Span>): Span {
  let inside = outer;
  for (const group of groupsBetween(outer.path, path)) {
    const known = byPath.get(group.path) ?? partSpan(group);
    if (known.parent === null) {
      known.parent = inside;
      inside.children.push(known);
      byPath.set(group.path, known);
    }
    inside = known;
  }
  return inside;
}

/** A part began with the first call in it and goes on as long as one of them does; it ended as the last of them did. */
function settlePart(span: Span): void {
  span.startUs = Math.min(...span.children.map((child) => child.startUs));
  const isOpen = span.children.find((child) => child.endUs === null);
  span.endUs = isOpen ? null : Math.max(...span.children.map((child) => child.endUs ?? 0));
  const last = span.children.reduce((found, child) => ((child.endUs ?? 0) >= (found.endUs ?? 0) ? child : found));
  span.status = isOpen?.status ?? last.status;
  span.waits = span.children.every((child) => child.waits);
}

/** The tree, from the run down. `titles` names the nodes. */
export function buildSpans(state: RunState, titles: ReadonlyMap<string, string>): Span {
  const root = open({
    path: "",
    sort: "run",
    name: "Run",
    detail: "",
    node: "",
    status: state.status,
    startUs: state.startedUs,
    endUs: state.endedUs,
    waits: false,
    usage: NO_USAGE,
    error: state.error,
  });
  const spans = [...stepSpans(state, titles), ...itemSpans(state), ...effectSpans(state)];
  const byPath = new Map(spans.map((span) => [span.path, span]));
  for (const span of spans) {
    if (state.endedUs !== null) cutOff(span, state.endedUs);
    const outer = byPath.get(ancestors(span.path).find((path) => isOwnSpan(byPath.get(path))) ?? "") ?? root;
    const isDirect = parentPath(span.path) === outer.path;
    span.parent = isDirect ? outer : openParts(outer, span.path, byPath);
    span.parent.children.push(span);
    if (!isDirect) span.detail = [span.detail, besideOf(outer.path, span.path)].filter(Boolean).join(" · ");
  }
  settle(root, 0);
  return root;
}

function isOwnSpan(span: Span | undefined): boolean {
  return span !== undefined && span.sort !== "part";
}

/** The deepest span that went wrong, the earliest of them: the cause, not its echo. */
export function leafmostError(root: Span): Span | null {
  for (const child of root.children) {
    const found = leafmostError(child);
    if (found) return found;
  }
  return isBad(root.status) && root.sort !== "run" ? root : null;
}

export interface SpanFilter {
  text: string;
  sorts: ReadonlySet<SpanSort>;
  statuses: ReadonlySet<AnyStatus>;
}

export const NO_FILTER: SpanFilter = { text: "", sorts: new Set(), statuses: new Set() };

function matches(span: Span, filter: SpanFilter, text: string): boolean {
  if (filter.sorts.size > 0 && !filter.sorts.has(span.sort)) return false;
  if (filter.statuses.size > 0 && !filter.statuses.has(span.status)) return false;
  return text === "" || `${span.name} ${span.detail} ${span.path}`.toLowerCase().includes(text);
}

/** The rows to show, top to bottom: what matches, with the branches that lead there. */
export function flatten(root: Span, collapsed: ReadonlySet<string>, filter: SpanFilter): Span[] {
  const text = filter.text.trim().toLowerCase();
  const filters = text !== "" || filter.sorts.size > 0 || filter.statuses.size > 0;
  const rows: Span[] = [];
  const visit = (span: Span): boolean => {
    const at = rows.length;
    rows.push(span);
    let kept = !filters || matches(span, filter, text);
    if (filters || !collapsed.has(span.path)) {
      for (const child of span.children) kept = visit(child) || kept;
    }
    if (!kept) rows.length = at;
    return kept;
  };
  if (!visit(root)) rows.push(root);
  return rows;
}

export function indexSpans(root: Span): Map<string, Span> {
  const index = new Map<string, Span>();
  const visit = (span: Span) => {
    index.set(span.path, span);
    span.children.forEach(visit);
  };
  visit(root);
  return index;
}
