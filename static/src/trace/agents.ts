/** Which agent works at a node. */
import type { Graph, NodeKindSchema } from "../contract";
import { isSchema, type Schema } from "../forms";
import { isLibraryAgent } from "../graph";

export interface AgentAt {
  id: string;
  name: string;
}

/** The first agent that a node names in a field whose control is for agents; null when none works there. */
export function agentAt(graph: Graph, kinds: ReadonlyMap<string, NodeKindSchema>, nodeId: string): AgentAt | null {
  const node = graph.nodes.find((one) => one.id === nodeId);
  const properties = (kinds.get(node?.kind ?? "")?.params as Schema | undefined)?.properties;
  if (!node || !isSchema(properties)) return null;
  for (const [field, schema] of Object.entries(properties)) {
    const id = node.params[field];
    if (!isSchema(schema) || schema.control !== "agent" || typeof id !== "string" || id === "") continue;
    const agent = graph.agents[id];
    return { id, name: agent && !isLibraryAgent(agent) ? agent.name : id };
  }
  return null;
}
