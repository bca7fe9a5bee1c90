import { createContext } from "react";
import type { LibraryRow, ModelRow, ToolRow } from "../api";

/** What graphs of this tenant can be made of. */
export interface Library {
  tools: readonly ToolRow[];
  models: readonly ModelRow[];
  agents: readonly LibraryRow[];
}

export const LibraryContext = createContext<Library>({ tools: [], models: [], agents: [] });
