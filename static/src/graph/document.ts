/** Reading and completing a graph document. */
import type { Agent, AgentLimits, Edge, Graph, Json, LibraryAgent, Node, Position } from "../contract";
import { completeMemory } from "./agentMemory";

export type Loose<T> = { [K in keyof T]?: T[K] };
type LooseNode = Loose<Node> & Pick<Node, "id" | "kind">;
type LooseEdge = Loose<Edge> & Pick<Edge, "id" | "source" | "target">;

/** A document as people and files write it: what has a default may be missing. */
export interface LooseGraph extends Omit<Loose<Graph>, "nodes" | "edges" | "agents" | "layout"> {
  nodes?: LooseNode[];
  edges?: LooseEdge[];
  agents?: Record<string, Loose<Agent> | LibraryAgent>;
  layout?: Record<string, Loose<Position> & { x: number; y: number }>;
}

export const AGENT_LIMITS: AgentLimits = {
  max_iterations: 50,
  max_seconds: 300,
  max_call_seconds: 120,
  max_tokens: 200_000,
  max_cost_usd: null,
  max_repairs: 2,
  max_tool_calls_per_turn: 32,
};

export function completeNode(node: LooseNode): Node {
  return {
    kind_version: 1,
    title: "",
    params: {},
    parent: null,
    timeout_s: null,
    on_error: "fail",
    default_output: null,
    writes: {},
    ...node,
    firing: { ...{ rule: "all", count: 1 }, ...node.firing },
    retry: { ...{ attempts: 1, initial_s: 1, factor: 2, max_s: 60 }, ...node.retry },
  };
}

export function completeEdge(edge: LooseEdge): Edge {
  return {
    source_port: "out",
    target_port: "in",
    condition: null,
    otherwise: false,
    max_iterations: null,
    label: "",
    ...edge,
  };
}

export function completeAgent(agent: Loose<Agent>): Agent {
  return {
    name: "Agent",
    model: "",
    instructions: "",
    tools: [],
    output_schema: null,
    temperature: null,
    max_output_tokens: null,
    strategy: { type: "direct" },
    ...agent,
    limits: { ...AGENT_LIMITS, ...agent.limits },
    memory: completeMemory(agent.memory),
  };
}

export function isLibraryAgent(agent: Loose<Agent> | LibraryAgent): agent is LibraryAgent {
  return "library" in agent;
}

/** The same document with every default written out. */
export function completeGraph(document: LooseGraph): Graph {
  const agents: Graph["agents"] = {};
  for (const [id, agent] of Object.entries(document.agents ?? {})) {
    agents[id] = isLibraryAgent(agent) ? agent : completeAgent(agent);
  }
  const layout: Graph["layout"] = {};
  for (const [id, position] of Object.entries(document.layout ?? {})) {
    layout[id] = { width: null, height: null, ...position };
  }
  return {
    schema_version: 1,
    title: document.title ?? "",
    description: document.description ?? "",
    inputs: document.inputs ?? {},
    agents,
    channels: document.channels ?? {},
    nodes: (document.nodes ?? []).map(completeNode),
    edges: (document.edges ?? []).map(completeEdge),
    limits: { max_steps: 20_000, max_seconds: null, max_items: 10_000, ...document.limits },
    layout,
  };
}

/** Whether two documents say the same, in whatever order their fields stand and whichever defaults are left out. */
export function isSameGraph(one: LooseGraph, other: LooseGraph): boolean {
  return inOrder(completeGraph(one)) === inOrder(completeGraph(other));
}

function inOrder(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

export function findNode(graph: Graph, id: string): Node | undefined {
  return graph.nodes.find((node) => node.id === id);
}

/** The node and everything inside it, however deep. */
export function withDescendants(graph: Graph, ids: Iterable<string>): Set<string> {
  const found = new Set(ids);
  for (let grew = true; grew; ) {
    grew = false;
    for (const node of graph.nodes) {
      if (node.parent !== null && found.has(node.parent) && !found.has(node.id)) {
        found.add(node.id);
        grew = true;
      }
    }
  }
  return found;
}

/** `base`, or `base_2`, `base_3` and so on, whichever is free. */
export function freshId(base: string, taken: ReadonlySet<string>): string {
  const cleaned = base.replace(/[^A-Za-z0-9_]/g, "_").replace(/^[^A-Za-z]+/, "").slice(0, 56);
  const stem = (cleaned || "node").replace(/_\d+$/, "");
  for (let n = 1; ; n += 1) {
    const id = n === 1 ? stem : `${stem}_${n}`;
    if (!taken.has(id)) return id;
  }
}

export function nodeIds(graph: Graph): Set<string> {
  return new Set(graph.nodes.map((node) => node.id));
}

export function edgeIds(graph: Graph): Set<string> {
  return new Set(graph.edges.map((edge) => edge.id));
}

export function agentName(graph: Graph, id: Json | undefined): string | null {
  if (typeof id !== "string") return null;
  const agent = graph.agents[id];
  if (agent === undefined) return null;
  return isLibraryAgent(agent) ? agent.library : agent.name;
}
