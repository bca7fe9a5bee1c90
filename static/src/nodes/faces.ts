/** What a run shows on each node. Kept apart from the document: a node subscribes to its own entry. */
import { createContext } from "react";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { AnyStatus } from "../figures";

export interface Face {
  status: AnyStatus;
  durationUs: number | null;
  tokens: number;
  costNano: number;
  /** For nodes that are activated many times, as in a map: how many of each state, and of how many when that is known. */
  counts: { total: number | null; succeeded: number; failed: number; waiting: number; running: number } | null;
}

export interface Faces {
  nodes: Readonly<Record<string, Face>>;
  edges: Readonly<Record<string, number>>;
}

export type FaceStore = StoreApi<Faces>;

export const NO_FACE: Face = { status: "idle", durationUs: null, tokens: 0, costNano: 0, counts: null };

export function createFaceStore(): FaceStore {
  return createStore<Faces>(() => ({ nodes: {}, edges: {} }));
}

export const FacesContext = createContext<FaceStore>(createFaceStore());
