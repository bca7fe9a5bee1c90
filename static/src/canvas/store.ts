/** The editor's document, its history, what is selected and what is open. Nothing of a run is in here. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { GraphRecord, StaleRevision } from "../api";
import type { Graph, Json, NodeKindSchema, Problem } from "../contract";
import { completeGraph, needsLayout, record, redo, startHistory, tidy, undo, type History, type Kinds } from "../graph";

export type SaveState =
  | { state: "saved" }
  | { state: "unsaved" }
  | { state: "saving" }
  | { state: "failed"; message: string }
  | { state: "conflict"; theirs: StaleRevision };

/** Where a new node is to be joined on, when it was asked for by pulling an edge into the open. */
export interface AddFrom {
  node: string;
  port: string;
  at: { x: number; y: number };
}

export type OpenDialog = "commands" | "add" | "shortcuts" | "run" | "publish" | "versions" | null;

export interface EditorView {
  slug: string;
  kinds: Kinds;
  history: History<Graph>;
  graph: Graph;
  /** The document as the server has it, by identity. */
  savedGraph: Graph;
  revision: number;
  latestVersion: number | null;
  save: SaveState;
  problems: readonly Problem[];
  nodes: ReadonlySet<string>;
  edges: ReadonlySet<string>;
  agent: string | null;
  dialog: OpenDialog;
  addFrom: AddFrom | null;
  drawer: "closed" | "problems" | "run";
  runId: string | null;
  note: string;
  may: GraphRecord["may"];
  exampleInput: Json;
}

export interface EditorActions {
  /** Takes an edited document in. Edits with the same key, close together, are one undo step. */
  edit(next: Graph, key?: string): void;
  undo(): void;
  redo(): void;
  select(nodes: Iterable<string>, edges?: Iterable<string>): void;
  /** Puts another document in the place of this one, as saved. */
  load(document: Graph, revision: number, problems: readonly Problem[]): void;
  say(note: string): void;
}

export type EditorStore = StoreApi<EditorView> & EditorActions;

const NONE: ReadonlySet<string> = new Set();

function prepare(document: Graph, kinds: Kinds): Graph {
  const graph = completeGraph(document);
  return needsLayout(graph) ? { ...graph, layout: tidy(graph, kinds) } : graph;
}

/** Forgets selections of what is no longer there. */
function kept(selected: ReadonlySet<string>, present: readonly { id: string }[]): ReadonlySet<string> {
  if (selected.size === 0) return selected;
  const ids = new Set(present.map((one) => one.id));
  const rest = [...selected].filter((id) => ids.has(id));
  return rest.length === selected.size ? selected : new Set(rest);
}

export function createEditorStore(graphRecord: GraphRecord, kinds: readonly NodeKindSchema[]): EditorStore {
  const kindMap: Kinds = new Map(kinds.map((kind) => [kind.name, kind]));
  const graph = prepare(graphRecord.document, kindMap);
  const store = createStore<EditorView>(() => ({
    slug: graphRecord.slug,
    kinds: kindMap,
    history: startHistory(graph),
    graph,
    savedGraph: graph,
    revision: graphRecord.revision,
    latestVersion: graphRecord.latest_version,
    save: { state: "saved" },
    problems: graphRecord.problems,
    nodes: NONE,
    edges: NONE,
    agent: null,
    dialog: null,
    addFrom: null,
    drawer: "closed",
    runId: null,
    note: "",
    may: graphRecord.may,
    exampleInput: graphRecord.example_input ?? null,
  }));

  const show = (history: History<Graph>) =>
    store.setState((view) => ({
      history,
      graph: history.present,
      nodes: kept(view.nodes, history.present.nodes),
      edges: kept(view.edges, history.present.edges),
      agent: view.agent !== null && view.agent in history.present.agents ? view.agent : null,
    }));

  let noteTimer: ReturnType<typeof setTimeout> | undefined;
  return Object.assign(store, {
    edit(next: Graph, key?: string) {
      if (!store.getState().may.edit) return;
      show(record(store.getState().history, next, Date.now(), key ?? null));
    },
    undo: () => show(undo(store.getState().history)),
    redo: () => show(redo(store.getState().history)),
    select(nodes: Iterable<string>, edges: Iterable<string> = []) {
      store.setState({ nodes: new Set(nodes), edges: new Set(edges), agent: null });
    },
    load(document: Graph, revision: number, problems: readonly Problem[]) {
      const next = prepare(document, kindMap);
      store.setState({ revision, problems, savedGraph: next, save: { state: "saved" } });
      show(record(store.getState().history, next, Date.now()));
    },
    say(note: string) {
      clearTimeout(noteTimer);
      store.setState({ note });
      noteTimer = setTimeout(() => store.setState({ note: "" }), 6_000);
    },
  });
}

export const EditorContext = createContext<EditorStore | null>(null);

export function useEditorStore(): EditorStore {
  const store = useContext(EditorContext);
  if (!store) throw new Error("The editor needs an EditorContext around it.");
  return store;
}

export function useEditor<T>(selector: (view: EditorView) => T): T {
  return useStore(useEditorStore(), selector);
}
