/** Saves the draft a moment after the last edit, and never over somebody else's work. */
import { ApiError, saveDraft, type Client, type StaleRevision } from "../api";
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

  const later = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), ms);
  };

  const saveOnce = async (): Promise<boolean> => {
    const { graph, revision, slug, savedGraph, save } = store.getState();
    if (graph === savedGraph) return true;
    if (save.state === "conflict") return false;
    store.setState({ save: { state: "saving" } });
    try {
      const saved = await saveDraft(client, slug, graph, revision);
      const isCurrent = store.getState().graph === graph;
      store.setState({ revision: saved.revision, problems: saved.problems, savedGraph: graph, save: { state: isCurrent ? "saved" : "unsaved" } });
      if (isCurrent) dropCopy(storage, tenant, slug);
      return isCurrent;
    } catch (error) {
      refuse(error);
      return false;
    }
  };

  const refuse = (error: unknown) => {
    if (error instanceof ApiError && error.status === 409) {
      store.setState({ save: { state: "conflict", theirs: error.details as StaleRevision } });
      return;
    }
    store.setState({ save: { state: "failed", message: error instanceof ApiError ? error.message : String(error) } });
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) later(RETRY_MS);
  };

  const flush = async (): Promise<boolean> => {
    clearTimeout(timer);
    if (running) await running;
    running = saveOnce();
    const done = await running;
    running = null;
    const { graph, savedGraph, save } = store.getState();
    if (!done && graph !== savedGraph && save.state === "unsaved") return flush();
    return done;
  };

  const unsubscribe = store.subscribe((now, before) => {
    if (now.graph === before.graph || now.graph === now.savedGraph) return;
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
