import { useContext } from "react";
import { useStore } from "zustand";
import { FacesContext, NO_FACE, type Face } from "./faces";

/** What the run shows on one node; redraws only when that entry changes. */
export function useFace(id: string): Face {
  return useStore(useContext(FacesContext), (faces) => faces.nodes[id] ?? NO_FACE);
}
