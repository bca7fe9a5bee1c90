/** Saves the draft a moment after the last edit, and never over somebody else's work. */
import { ApiError, saveDraft, type Client, type StaleRevision } from "../api";
import type { Graph } from "../contract";
import { isSameGraph } from "../graph";
import { dropCopy, keepCopy } from "./recovery";
import type { EditorStore } from "./store";

const DELAY_MS = 800;
const RETRY_MS = 5_000;

export interface Saver {
  /** Saves at once what is not saved yet; true when the server has everything. */
  flush(): Promise<boolean>;
  /** Saves on top of the revision another person made: only after somebody said so. */
  overwrite(theirs: StaleRevision): Promise<boolean>;
  stop(): void;
}

export function startSaving(store: EditorStore, client: Client, tenant: string, storage: Storage): Saver {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<boolean> | null = null;
  /** Were sent, and no answer came: the server may have the one or the other. */
  let unconfirmed: Graph[] = [];

  const later = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), ms);
  };

  const settle = () => {
    clearTimeout(timer);
    store.setState({ save: { state: "saved" } });
    dropCopy(storage, tenant, store.getState().slug);
  };

  const saveOnce = async (): Promise<boolean> => {
    const { graph, revision, slug, savedGraph, save } = store.getState();
    if (graph === savedGraph && unconfirmed.length === 0) {
      if (save.state === "unsaved") settle();
      return true;
    }
    if (save.state === "conflict") return false;
    store.setState({ save: { state: "saving" } });
    try {
      const saved = await saveDraft(client, slug, graph, revision);
      unconfirmed = [];
      const isCurrent = store.getState().graph === graph;
      store.setState({ revision: saved.revision, problems: saved.problems, savedGraph: graph, save: { state: isCurrent ? "saved" : "unsaved" } });
      if (isCurrent) dropCopy(storage, tenant, slug);
      return isCurrent;
    } catch (error) {
      refuse(error, graph);
      return false;
    }
  };

  const refuse = (error: unknown, sent: Graph) => {
    const theirs = error instanceof ApiError && error.status === 409 ? staleRevision(error.details) : null;
    const mine = theirs && unconfirmed.find((one) => isSameGraph(one, theirs.document));
    if (theirs && mine) {
      // It was a save of this editor, whose answer got lost: the next one goes on top of it.
      store.setState(({ graph, savedGraph }) => ({ revision: theirs.revision, savedGraph: mine === graph ? savedGraph : mine, save: { state: "unsaved" } }));
      unconfirmed = [];
    } else if (theirs) {
      store.setState({ save: { state: "conflict", theirs } });
    } else {
      store.setState({ save: { state: "failed", message: error instanceof ApiError ? error.message : String(error) } });
      const isLost = !(error instanceof ApiError) || error.status === 0 || error.status >= 500;
      if (isLost && !unconfirmed.includes(sent)) unconfirmed.push(sent);
      if (isLost || error.status === 429) later(Math.max(RETRY_MS, (error instanceof ApiError ? (error.waitS ?? 0) : 0) * 1_000));
    }
  };

  const flush = async (): Promise<boolean> => {
    clearTimeout(timer);
    while (running) await running;
    running = saveOnce().finally(() => (running = null));
    const done = await running;
    if (!done && store.getState().save.state === "unsaved") return flush();
    return done;
  };

  const unsubscribe = store.subscribe((now, before) => {
    if (now.graph === before.graph) return;
    if (now.graph === now.savedGraph && unconfirmed.length === 0) {
      if (now.save.state === "unsaved" || now.save.state === "failed") settle();
      return;
    }
    keepCopy(storage, tenant, now.slug, { document: now.graph, revision: now.revision, at: Date.now() });
    if (now.save.state === "conflict") return;
    if (now.save.state !== "saving") store.setState({ save: { state: "unsaved" } });
    later(DELAY_MS);
  });

  return {
    flush,
    overwrite(theirs) {
      store.setState({ revision: theirs.revision, save: { state: "unsaved" } });
      return flush();
    },
    stop() {
      clearTimeout(timer);
      unsubscribe();
    },
  };
}

/** What the server says of the other save; null when it says something else. */
function staleRevision(details: unknown): StaleRevision | null {
  const said = (details ?? {}) as Partial<StaleRevision>;
  return typeof said.revision === "number" && typeof said.document === "object" ? (said as StaleRevision) : null;
}
