/** Edits of a graph document: each takes a document and returns a new one. */
import type { Agent, Channel, Edge, Graph, LibraryAgent, Node, NodeKindSchema, Position } from "../contract";
import { checkConnection, type Connection } from "./connecting";
import { completeEdge, completeNode, edgeIds, findNode, freshId, nodeIds, withDescendants } from "./document";
import { inputPorts, outputPorts, type Kinds } from "./ports";

export interface Point {
  x: number;
  y: number;
}

export const LOOP_LIMIT = 10;
const CONTAINER_SIZE = { width: 560, height: 260 };

export function addNode(
  graph: Graph,
  kind: NodeKindSchema,
  at: Point,
  parent: string | null = null,
): { graph: Graph; id: string } {
  const id = freshId(kind.name, nodeIds(graph));
  const node = completeNode({ id, kind: kind.name, kind_version: kind.version, params: structuredClone(kind.defaults), parent });
  const size = kind.container ? CONTAINER_SIZE : { width: null, height: null };
  return {
    id,
    graph: { ...graph, nodes: [...graph.nodes, node], layout: { ...graph.layout, [id]: { ...at, ...size } } },
  };
}

/** Takes nodes away, with what is inside them and every edge that ended at one of them. */
export function removeNodes(graph: Graph, ids: Iterable<string>): Graph {
  const gone = withDescendants(graph, ids);
  if (gone.size === 0) return graph;
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !gone.has(node.id)),
    edges: graph.edges.filter((edge) => !gone.has(edge.source) && !gone.has(edge.target)),
    layout: Object.fromEntries(Object.entries(graph.layout).filter(([id]) => !gone.has(id))),
  };
}

export function placeNodes(graph: Graph, positions: Readonly<Record<string, Partial<Position>>>): Graph {
  const layout = { ...graph.layout };
  for (const [id, position] of Object.entries(positions)) {
    layout[id] = { ...(layout[id] ?? { x: 0, y: 0, width: null, height: null }), ...position };
  }
  return { ...graph, layout };
}

/** Moves a node into a container, or out of it; edges that would cross the border are taken away. */
export function reparent(graph: Graph, kinds: Kinds, id: string, parent: string | null, at: Point): Graph {
  const node = findNode(graph, id);
  if (!node || node.parent === parent) return placeNodes(graph, { [id]: at });
  if (parent !== null && withDescendants(graph, [id]).has(parent)) return graph;
  const moved = placeNodes(updateNode(graph, id, { parent }), { [id]: at });
  return { ...moved, edges: moved.edges.filter((edge) => stillFits(moved, kinds, edge)) };
}

function stillFits(graph: Graph, kinds: Kinds, edge: Edge): boolean {
  const others = { ...graph, edges: graph.edges.filter((other) => other.id !== edge.id) };
  return checkConnection(others, kinds, edge).ok;
}

export function updateNode(graph: Graph, id: string, patch: Partial<Omit<Node, "id">>): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => (node.id === id ? { ...node, ...patch } : node)) };
}

/** Updates a node and lets go of edges whose port no longer exists. */
export function updateNodeAndPorts(graph: Graph, kinds: Kinds, id: string, patch: Partial<Omit<Node, "id">>): Graph {
  const next = updateNode(graph, id, patch);
  const node = findNode(next, id);
  const kind = node && kinds.get(node.kind);
  if (!node || !kind) return next;
  const names = new Set(outputPorts(node, kind).map((port) => port.name));
  const edges = next.edges.filter((edge) => edge.source !== id || names.has(edge.source_port));
  return edges.length === next.edges.length ? next : { ...next, edges };
}

/** Joins two ports. An edge that closes a cycle gets a limit, so that a loop always ends. */
export function connect(
  graph: Graph,
  kinds: Kinds,
  connection: Connection,
): { graph: Graph; id: string } | { reason: string } {
  const check = checkConnection(graph, kinds, connection);
  if (!check.ok) return { reason: check.reason };
  const id = freshId(`${connection.source}_${connection.target}`.slice(0, 50), edgeIds(graph));
  const edge = completeEdge({
    id,
    source: connection.source,
    source_port: connection.source_port,
    target: connection.target,
    target_port: connection.target_port,
    max_iterations: check.closesCycle ? LOOP_LIMIT : null,
  });
  return { id, graph: { ...graph, edges: [...graph.edges, edge] } };
}

/** The first pair of ports by which `source` can lead to `target`, if there is one. */
export function firstFit(graph: Graph, kinds: Kinds, source: string, sourcePort: string | null, target: string): Connection | null {
  const from = findNode(graph, source);
  const to = findNode(graph, target);
  const fromKind = from && kinds.get(from.kind);
  const toKind = to && kinds.get(to.kind);
  if (!from || !to || !fromKind || !toKind) return null;
  for (const out of outputPorts(from, fromKind)) {
    if (sourcePort !== null && out.name !== sourcePort) continue;
    for (const into of inputPorts(toKind)) {
      const connection = { source, source_port: out.name, target, target_port: into.name };
      if (checkConnection(graph, kinds, connection).ok) return connection;
    }
  }
  return null;
}

export function updateEdge(graph: Graph, id: string, patch: Partial<Omit<Edge, "id">>): Graph {
  return { ...graph, edges: graph.edges.map((edge) => (edge.id === id ? { ...edge, ...patch } : edge)) };
}

export function removeEdges(graph: Graph, ids: Iterable<string>): Graph {
  const gone = new Set(ids);
  return { ...graph, edges: graph.edges.filter((edge) => !gone.has(edge.id)) };
}

export function addAgent(graph: Graph, agent: Agent | LibraryAgent): { graph: Graph; id: string } {
  const base = "library" in agent ? agent.library : agent.name.toLowerCase();
  const id = freshId(base, new Set(Object.keys(graph.agents)));
  return { id, graph: { ...graph, agents: { ...graph.agents, [id]: agent } } };
}

export function updateAgent(graph: Graph, id: string, agent: Agent | LibraryAgent): Graph {
  return { ...graph, agents: { ...graph.agents, [id]: agent } };
}

export function removeAgent(graph: Graph, id: string): Graph {
  return { ...graph, agents: Object.fromEntries(Object.entries(graph.agents).filter(([key]) => key !== id)) };
}

export function updateGraph(graph: Graph, patch: Partial<Pick<Graph, "title" | "description" | "inputs" | "limits">>): Graph {
  return { ...graph, ...patch };
}

export function setChannels(graph: Graph, channels: Record<string, Channel>): Graph {
  return { ...graph, channels };
}
