/** A copy of unsaved work in this browser, so that a closed tab or a dead network loses nothing. */
import type { Graph } from "../contract";
import { completeGraph } from "../graph";

export interface RecoveryCopy {
  document: Graph;
  revision: number;
  at: number;
}

const key = (tenant: string, slug: string) => `baton:draft:${tenant}:${slug}`;

export function keepCopy(storage: Storage, tenant: string, slug: string, copy: RecoveryCopy): void {
  try {
    storage.setItem(key(tenant, slug), JSON.stringify(copy));
  } catch {
    storage.removeItem(key(tenant, slug));
  }
}

export function dropCopy(storage: Storage, tenant: string, slug: string): void {
  storage.removeItem(key(tenant, slug));
}

/** The copy that was kept, completed as this build wants it. What is no copy, or that of another shape, is none. */
export function readCopy(storage: Storage, tenant: string, slug: string): RecoveryCopy | null {
  const text = storage.getItem(key(tenant, slug));
  if (text === null) return null;
  try {
    const { document, revision, at } = JSON.parse(text) as RecoveryCopy;
    return Array.isArray(document.nodes) ? { document: completeGraph(document), revision, at } : null;
  } catch {
    return null;
  }
}
