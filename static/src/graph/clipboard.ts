/** Copying a part of a graph and putting it in again under fresh ids. */
import type { Agent, Edge, Graph, LibraryAgent, Node, Position } from "../contract";
import { completeGraph, edgeIds, freshId, nodeIds, withDescendants } from "./document";
import type { Point } from "./edits";

export interface Clip {
  nodes: Node[];
  edges: Edge[];
  layout: Record<string, Position>;
  agents: Record<string, Agent | LibraryAgent>;
}

export function copyNodes(graph: Graph, ids: Iterable<string>): Clip {
  const taken = withDescendants(graph, ids);
  const nodes = graph.nodes.filter((node) => taken.has(node.id));
  const named = new Set(nodes.flatMap((node) => Object.values(node.params).filter((value) => typeof value === "string")));
  return {
    nodes,
    edges: graph.edges.filter((edge) => taken.has(edge.source) && taken.has(edge.target)),
    layout: Object.fromEntries(Object.entries(graph.layout).filter(([id]) => taken.has(id))),
    agents: Object.fromEntries(Object.entries(graph.agents).filter(([id]) => named.has(id))),
  };
}

/** Puts a clip in, moved by `offset`. Nodes whose container was not copied stay in it while it exists. */
export function paste(graph: Graph, clip: Clip, offset: Point): { graph: Graph; ids: string[] } {
  const present = nodeIds(graph);
  const taken = new Set(present);
  const renamed = new Map<string, string>();
  for (const node of clip.nodes) {
    const id = freshId(node.id, taken);
    taken.add(id);
    renamed.set(node.id, id);
  }
  const layout = { ...graph.layout };
  const nodes = clip.nodes.map((node) => {
    const id = renamed.get(node.id) ?? node.id;
    const copiedParent = node.parent === null ? undefined : renamed.get(node.parent);
    const keptParent = node.parent !== null && present.has(node.parent) ? node.parent : null;
    const at = clip.layout[node.id] ?? { x: 0, y: 0, width: null, height: null };
    const shift = copiedParent === undefined ? offset : { x: 0, y: 0 };
    layout[id] = { ...at, x: at.x + shift.x, y: at.y + shift.y };
    return { ...structuredClone(node), id, parent: copiedParent ?? keptParent };
  });
  const edges = pasteEdges(clip.edges, renamed, edgeIds(graph));
  const ids = nodes.filter((node) => node.parent === null || !taken.has(node.parent) || present.has(node.parent)).map((node) => node.id);
  return {
    ids,
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...nodes],
      edges: [...graph.edges, ...edges],
      layout,
      agents: { ...clip.agents, ...graph.agents },
    },
  };
}

function pasteEdges(edges: readonly Edge[], renamed: ReadonlyMap<string, string>, taken: Set<string>): Edge[] {
  return edges.map((edge) => {
    const id = freshId(edge.id, taken);
    taken.add(id);
    return { ...edge, id, source: renamed.get(edge.source) ?? edge.source, target: renamed.get(edge.target) ?? edge.target };
  });
}

/** Reads a clip from text, as the system clipboard holds it. Any other text, JSON or not, is none. */
export function readClip(text: string): Clip | null {
  try {
    const { baton } = JSON.parse(text) as { baton?: unknown };
    if (baton === null || typeof baton !== "object" || !Array.isArray((baton as Clip).nodes)) return null;
    const { nodes, edges, layout, agents } = completeGraph(baton);
    const ids = new Set(nodes.map((node) => node.id));
    const isWhole = nodes.every(({ id, kind }) => typeof id === "string" && typeof kind === "string");
    return isWhole ? { nodes, edges: edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target)), layout, agents } : null;
  } catch {
    return null;
  }
}

export function writeClip(clip: Clip): string {
  return JSON.stringify({ baton: clip });
}
