import { createContext } from "react";
import type { Schema } from "../forms";
import type { LibraryRow, ModelRow, ToolRow } from "../api";

/** What graphs of this tenant can be made of. */
export interface Library {
  tools: readonly ToolRow[];
  models: readonly ModelRow[];
  agents: readonly LibraryRow[];
  /** The JSON Schema of an agent. */
  agentSchema: Schema;
}

export const LibraryContext = createContext<Library>({ tools: [], models: [], agents: [], agentSchema: {} });
