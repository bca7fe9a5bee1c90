import { createContext } from "react";
import { fetchAgentSchema, fetchLibrary, fetchModels, fetchTools, type Client, type LibraryRow, type ModelRow, type ToolRow } from "../api";
import type { Schema } from "../forms";

/** What graphs of this tenant can be made of. */
export interface Library {
  tools: readonly ToolRow[];
  models: readonly ModelRow[];
  agents: readonly LibraryRow[];
  /** The JSON Schema of an agent. */
  agentSchema: Schema;
}

export const LibraryContext = createContext<Library>({ tools: [], models: [], agents: [], agentSchema: {} });

/** Without its lists a form is poorer; without the schema there is none. */
export async function loadLibrary(client: Client): Promise<Library> {
  const [agentSchema, tools, models, agents] = await Promise.all([
    fetchAgentSchema(client),
    fetchTools(client).catch(() => []),
    fetchModels(client).catch(() => []),
    fetchLibrary(client).catch(() => []),
  ]);
  return { agentSchema, tools, models, agents };
}
