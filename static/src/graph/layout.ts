/** Tidying up: layers from left to right, each container from the inside out. */
import dagre from "@dagrejs/dagre";
import type { Edge, Graph, Node, Position } from "../contract";
import { isLibraryAgent } from "./document";
import { outputPorts, type Kinds } from "./ports";

export const NODE_WIDTH = 232;
const HEAD_HEIGHT = 58;
const PORT_HEIGHT = 24;
const CHIP_HEIGHT = 28;
/** What a card shows of a run, below all else. */
const FIGURES_HEIGHT = 30;
const BETWEEN = 60;
const PADDING = { top: 64, side: 52, bottom: 28 };

/** How big a node is drawn, near enough to lay it out. */
export function nodeSize(graph: Graph, kinds: Kinds, node: Node): { width: number; height: number } {
  const kind = kinds.get(node.kind);
  const at = graph.layout[node.id];
  if (kind?.container) return { width: at?.width ?? 560, height: at?.height ?? 260 };
  if (kind && !kind.executes) return { width: at?.width ?? 240, height: at?.height ?? 120 };
  const outputs = kind ? outputPorts(node, kind).length : 1;
  const rows = Math.max(outputs > 1 ? outputs : 0, (kind?.inputs.length ?? 1) > 1 ? (kind?.inputs.length ?? 0) : 0);
  return { width: NODE_WIDTH, height: HEAD_HEIGHT + chipRows(graph, node) * CHIP_HEIGHT + rows * PORT_HEIGHT + FIGURES_HEIGHT };
}

/** Two chips stand in a row: the agent, its model and its tools. */
function chipRows(graph: Graph, node: Node): number {
  const agent = typeof node.params.agent === "string" ? graph.agents[node.params.agent] : undefined;
  if (agent && !isLibraryAgent(agent)) return 1 + Math.ceil(Math.min(agent.tools.length, 4) / 2);
  return "agent" in node.params || "tool" in node.params ? 1 : 0;
}

/** Words on an edge need room between the nodes. */
function labelRoom(edge: Edge): { width: number; height: number; labelpos: "c" } | Record<string, never> {
  const words = edge.label || (edge.otherwise ? "otherwise" : (edge.condition ?? ""));
  return words === "" ? {} : { width: Math.min(180, 20 + words.length * 6.5), height: 20, labelpos: "c" };
}

/** Whether edges out of the same node leave it in the other order than they arrive: then they cross less the other way up. */
function isUpsideDown(nodes: readonly Node[], graph: Graph, kinds: Kinds, middle: (id: string) => number): boolean {
  const here = new Set(nodes.map((node) => node.id));
  let agreement = 0;
  for (const node of nodes) {
    const kind = kinds.get(node.kind);
    const ports = kind ? outputPorts(node, kind).map((port) => port.name) : [];
    const edges = graph.edges.filter((edge) => edge.source === node.id && here.has(edge.target) && edge.max_iterations === null);
    for (const one of edges) {
      for (const other of edges) {
        if (ports.indexOf(one.source_port) < ports.indexOf(other.source_port)) agreement += Math.sign(middle(other.target) - middle(one.target));
      }
    }
  }
  return agreement < 0;
}

function arrange(nodes: readonly Node[], graph: Graph, kinds: Kinds, size: (node: Node) => { width: number; height: number }): Map<string, Position> {
  const plan = new dagre.graphlib.Graph({ multigraph: true });
  plan.setGraph({ rankdir: "LR", nodesep: BETWEEN / 2, ranksep: BETWEEN, acyclicer: "greedy" });
  plan.setDefaultEdgeLabel(() => ({}));
  const here = new Set(nodes.map((node) => node.id));
  for (const node of nodes) plan.setNode(node.id, { ...size(node) });
  for (const edge of graph.edges) {
    const leadsBack = edge.max_iterations !== null;
    if (here.has(edge.source) && here.has(edge.target) && edge.source !== edge.target && !leadsBack) plan.setEdge(edge.source, edge.target, labelRoom(edge), edge.id);
  }
  dagre.layout(plan);
  const middle = (id: string) => plan.node(id).y ?? 0;
  const sheet = plan.graph().height ?? 0;
  const turned = isUpsideDown(nodes, graph, kinds, middle);
  const placed = new Map<string, Position>();
  for (const node of nodes) {
    const { width, height } = size(node);
    const y = turned ? sheet - middle(node.id) : middle(node.id);
    placed.set(node.id, { x: Math.round((plan.node(node.id).x ?? 0) - width / 2), y: Math.round(y - height / 2), width: null, height: null });
  }
  return placed;
}

function depthOf(node: Node, byId: ReadonlyMap<string, Node>): number {
  let depth = 0;
  for (let at = node.parent; at !== null && depth < 100; at = byId.get(at)?.parent ?? null) depth += 1;
  return depth;
}

/** A new layout for the whole document. Notes stay where they were put. */
export function tidy(graph: Graph, kinds: Kinds): Graph["layout"] {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const layout: Graph["layout"] = { ...graph.layout };
  const sizes = new Map(graph.nodes.map((node) => [node.id, nodeSize(graph, kinds, node)]));
  const size = (node: Node) => sizes.get(node.id) ?? { width: NODE_WIDTH, height: HEAD_HEIGHT };
  const executes = (node: Node) => kinds.get(node.kind)?.executes ?? true;
  const containers = graph.nodes
    .filter((node) => kinds.get(node.kind)?.container)
    .sort((a, b) => depthOf(b, byId) - depthOf(a, byId));
  for (const container of containers) {
    const children = graph.nodes.filter((node) => node.parent === container.id && executes(node));
    if (children.length === 0) continue;
    const placed = arrange(children, graph, kinds, size);
    let right = 0;
    let bottom = 0;
    for (const child of children) {
      const at = placed.get(child.id) as Position;
      const { width, height } = size(child);
      layout[child.id] = { x: at.x + PADDING.side, y: at.y + PADDING.top, width: layout[child.id]?.width ?? null, height: layout[child.id]?.height ?? null };
      right = Math.max(right, at.x + width);
      bottom = Math.max(bottom, at.y + height);
    }
    const box = { width: right + PADDING.side * 2, height: bottom + PADDING.top + PADDING.bottom };
    sizes.set(container.id, box);
    layout[container.id] = { x: 0, y: 0, ...box };
  }
  const top = graph.nodes.filter((node) => node.parent === null && executes(node));
  for (const [id, at] of arrange(top, graph, kinds, size)) {
    layout[id] = { width: layout[id]?.width ?? null, height: layout[id]?.height ?? null, x: at.x, y: at.y };
  }
  return layout;
}

/** Where a node is on the canvas, whatever it is inside of. */
export function placeOf(graph: Graph, id: string): { x: number; y: number } {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const place = { x: 0, y: 0 };
  let at: string | null = id;
  for (let depth = 0; at !== null && depth < 100; depth += 1) {
    place.x += graph.layout[at]?.x ?? 0;
    place.y += graph.layout[at]?.y ?? 0;
    at = byId.get(at)?.parent ?? null;
  }
  return place;
}

/** The rectangle around everything that is drawn. */
export function boundsOf(graph: Graph, kinds: Kinds): { x: number; y: number; width: number; height: number } {
  const boxes = graph.nodes.filter((node) => node.parent === null).map((node) => ({ ...nodeSize(graph, kinds, node), ...placeOf(graph, node.id) }));
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return { x, y, width: Math.max(...boxes.map((box) => box.x + box.width)) - x, height: Math.max(...boxes.map((box) => box.y + box.height)) - y };
}

/** Whether some node that is drawn has no place yet. */
export function needsLayout(graph: Graph): boolean {
  return graph.nodes.some((node) => graph.layout[node.id] === undefined);
}
