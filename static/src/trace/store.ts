/** One mounted run view: the fold of its log, what is selected, and the moment looked at. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Graph, RunEvent } from "../contract";
import { isTerminal } from "../figures";
import { applyEvent } from "./applyEvent";
import { facesOf } from "./facesOf";
import type { createFaceStore } from "../nodes";
import type { Delta, Link } from "./socket";
import { openQuestions } from "./questions";
import { NO_FILTER, buildSpans, indexSpans, leafmostError, type Span, type SpanFilter } from "./spans";
import { emptyState, type RunState } from "./state";
import type { Window } from "./timeline";

export interface TraceView {
  run: RunState;
  events: RunEvent[];
  /** Grows with every change of `run`, which is folded in place. */
  revision: number;
  root: Span;
  index: ReadonlyMap<string, Span>;
  link: Link;
  isLoaded: boolean;
  selected: string;
  collapsed: ReadonlySet<string>;
  filter: SpanFilter;
  /** Null while the whole run is to be seen. */
  window: Window | null;
  cursorUs: number | null;
  item: string | null;
  streams: Readonly<Record<string, string>>;
}

export type TraceStore = StoreApi<TraceView> & {
  take(events: readonly RunEvent[]): void;
  stream(deltas: readonly Delta[]): void;
  loaded(): void;
  /** Selects a span and unfolds what it is in. */
  show(path: string): void;
};

export type FaceTarget = ReturnType<typeof createFaceStore>;

function titlesOf(graph: Graph): Map<string, string> {
  return new Map(graph.nodes.map((node) => [node.id, node.title]));
}

/** A list of items starts folded when it is long; the tree stays readable. */
function foldLongMaps(root: Span): Set<string> {
  const folded = new Set<string>();
  const visit = (span: Span) => {
    if (span.sort === "item" && (span.parent?.children.length ?? 0) > 6) folded.add(span.path);
    span.children.forEach(visit);
  };
  visit(root);
  return folded;
}

export function createTraceStore(graph: Graph, faces: FaceTarget): TraceStore {
  const titles = titlesOf(graph);
  const run = emptyState();
  const root = buildSpans(run, titles);
  const store = createStore<TraceView>(() => ({
    run,
    events: [],
    revision: 0,
    root,
    index: indexSpans(root),
    link: "connecting",
    isLoaded: false,
    selected: "",
    collapsed: new Set<string>(),
    filter: NO_FILTER,
    window: null,
    cursorUs: null,
    item: null,
    streams: {},
  }));

  const showFaces = (view: TraceView) => {
    faces.setState(facesOf(view.run, view.index, { atUs: view.cursorUs, item: view.item, nowUs: Date.now() * 1_000 }));
  };
  store.subscribe((now, before) => {
    if (now.revision !== before.revision || now.cursorUs !== before.cursorUs || now.item !== before.item) showFaces(now);
  });

  let queue: RunEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  let costMs = 0;
  const flush = () => {
    timer = null;
    const begin = performance.now();
    const batch: RunEvent[] = [];
    for (const event of queue) {
      if (event.seq <= run.lastSeq) continue;
      applyEvent(run, event);
      batch.push(event);
    }
    queue = [];
    store.setState((view) => {
      for (const event of batch) view.events.push(event);
      const tree = buildSpans(run, titles);
      return { revision: view.revision + 1, root: tree, index: indexSpans(tree), streams: withoutFinished(view.streams, batch) };
    });
    costMs = performance.now() - begin;
  };

  return Object.assign(store, {
    take(events: readonly RunEvent[]) {
      for (const event of events) queue.push(event);
      const begun = events.flatMap((event) => (event.type === "effect_started" ? [event.path] : []));
      if (begun.length > 0) store.setState((view) => ({ streams: without(view.streams, begun) }));
      timer ??= setTimeout(flush, Math.max(16, costMs * 3));
    },
    stream(deltas: readonly Delta[]) {
      store.setState((view) => {
        const streams = { ...view.streams };
        for (const delta of deltas) streams[delta.path] = continued(streams[delta.path] ?? "", delta.text);
        return { streams };
      });
    },
    loaded() {
      if (timer !== null) clearTimeout(timer);
      flush();
      const view = store.getState();
      const failure = isTerminal(run.status) && run.status !== "succeeded" ? leafmostError(view.root) : null;
      const selected = failure?.path ?? openQuestions(run)[0]?.path ?? "";
      store.setState({ isLoaded: true, selected, collapsed: unfolded(foldLongMaps(view.root), view.index.get(selected)) });
    },
    show(path: string) {
      store.setState((view) => ({ selected: path, collapsed: unfolded(view.collapsed, view.index.get(path)) }));
    },
  });
}

function unfolded(collapsed: ReadonlySet<string>, span: Span | undefined): Set<string> {
  const open = new Set(collapsed);
  for (let at = span?.parent; at; at = at.parent) open.delete(at.path);
  return open;
}

/** A form feed says that the call begins again: what was streamed before it does not count. */
export function continued(text: string, more: string): string {
  const whole = text + more;
  return whole.slice(whole.lastIndexOf("\f") + 1);
}

function withoutFinished(streams: Readonly<Record<string, string>>, batch: readonly RunEvent[]): Readonly<Record<string, string>> {
  const done = batch.flatMap((event) => (event.type === "effect_finished" || event.type === "effect_failed" ? [event.path] : []));
  return without(streams, done);
}

/** A call that begins, also one that another worker begins again, has said nothing yet; one that ended has its result. */
function without(streams: Readonly<Record<string, string>>, done: readonly string[]): Readonly<Record<string, string>> {
  if (!done.some((path) => Object.hasOwn(streams, path))) return streams;
  return Object.fromEntries(Object.entries(streams).filter(([path]) => !done.includes(path)));
}

export const TraceContext = createContext<TraceStore | null>(null);

export function useTraceStore(): TraceStore {
  const store = useContext(TraceContext);
  if (!store) throw new Error("A trace view needs a TraceContext around it.");
  return store;
}

export function useTrace<T>(selector: (view: TraceView) => T): T {
  return useStore(useTraceStore(), selector);
}
