/** The document as React Flow wants it. What did not change keeps its identity, so nothing redraws in vain. */
import { applyNodeChanges, type Edge as RFEdge, type Node as RFNode, type NodeChange } from "@xyflow/react";
import type { Edge, Graph, Node, NodeKindSchema, Port } from "../contract";
import { STEP_WIDTH, estimateHandles, estimateHeight } from "./estimate";
import { isLarge } from "./viewing";
import { agentName, inputPorts, outputPorts, type Kinds } from "../graph";

export interface NodeData extends Record<string, unknown> {
  node: Node;
  kind: NodeKindSchema | null;
  inputs: Port[];
  outputs: Port[];
  chips: string[];
}

export interface EdgeData extends Record<string, unknown> {
  edge: Edge;
}

export type FlowNode = RFNode<NodeData>;
export type FlowEdge = RFEdge<EdgeData>;

const cache = new WeakMap<Node, { agent: string; kind: NodeKindSchema | null; data: NodeData }>();

/** Which parameters name agents, tools and models: the form hints of the kind say so. */
function chipsOf(graph: Graph, node: Node, kind: NodeKindSchema | null): string[] {
  const properties = kind?.params.properties;
  if (properties === null || typeof properties !== "object" || Array.isArray(properties)) return [];
  return Object.entries(properties ?? {}).flatMap(([name, schema]) => {
    const value = node.params[name];
    if (typeof value !== "string" || value === "" || schema === null || typeof schema !== "object" || Array.isArray(schema)) return [];
    if (schema.control === "tool" || schema.control === "model") return [value];
    if (schema.control !== "agent") return [];
    const agent = graph.agents[value];
    const name_ = agentName(graph, value) ?? value;
    if (!agent || "library" in agent) return [name_];
    return [name_, agent.model, ...agent.tools.slice(0, 3), ...(agent.tools.length > 3 ? [`+${agent.tools.length - 3}`] : [])];
  });
}

function dataOf(graph: Graph, kinds: Kinds, node: Node): NodeData {
  const kind = kinds.get(node.kind) ?? null;
  const chips = chipsOf(graph, node, kind);
  const agent = chips.join("\n");
  const known = cache.get(node);
  if (known && known.agent === agent && known.kind === kind) return known.data;
  const data: NodeData = {
    node,
    kind,
    chips,
    inputs: kind ? inputPorts(kind) : [],
    outputs: kind ? outputPorts(node, kind) : [],
  };
  cache.set(node, { agent, kind, data });
  return data;
}

function faceOf(kind: NodeKindSchema | null): string {
  if (kind?.container) return "container";
  return kind && !kind.executes ? "note" : "step";
}

/** Parents come before what is inside them, as React Flow asks. */
function inOrder(nodes: readonly Node[]): Node[] {
  const byParent = new Map<string | null, Node[]>();
  const ids = new Set(nodes.map((node) => node.id));
  for (const node of nodes) {
    const parent = node.parent !== null && ids.has(node.parent) ? node.parent : null;
    byParent.set(parent, [...(byParent.get(parent) ?? []), node]);
  }
  const ordered: Node[] = [];
  const visit = (parent: string | null) => {
    for (const node of byParent.get(parent) ?? []) {
      ordered.push(node);
      visit(node.id);
    }
  };
  visit(null);
  return ordered;
}

export function toFlowNodes(graph: Graph, kinds: Kinds, before: readonly FlowNode[]): FlowNode[] {
  const old = new Map(before.map((node) => [node.id, node]));
  const guesses = isLarge(graph);
  return inOrder(graph.nodes).map((node) => {
    const data = dataOf(graph, kinds, node);
    const at = graph.layout[node.id];
    const type = faceOf(data.kind);
    const known = old.get(node.id);
    const position = { x: at?.x ?? 0, y: at?.y ?? 0 };
    const sized = type === "step" ? {} : { width: at?.width ?? (type === "note" ? 240 : 560), height: at?.height ?? (type === "note" ? 120 : 260) };
    const same =
      known?.data === data &&
      known.position.x === position.x &&
      known.position.y === position.y &&
      known.parentId === (node.parent ?? undefined) &&
      known.width === ("width" in sized ? sized.width : undefined) &&
      known.height === ("height" in sized ? sized.height : undefined);
    if (known && same) return known;
    const guess = guesses && type === "step" && !known ? { initialWidth: STEP_WIDTH, initialHeight: estimateHeight(data), handles: estimateHandles(data) } : {};
    return { ...known, ...guess, id: node.id, type, position, data, ...(node.parent === null ? { parentId: undefined } : { parentId: node.parent }), ...sized };
  });
}

/** Takes React Flow's own changes in. A node that was measured needs its estimate no longer. */
export function applyFlowChanges(changes: NodeChange<FlowNode>[], nodes: FlowNode[]): FlowNode[] {
  const measured = new Set(changes.flatMap((change) => (change.type === "dimensions" ? [change.id] : [])));
  const next = applyNodeChanges(changes, nodes);
  return measured.size === 0 ? next : next.map((node) => (measured.has(node.id) && node.handles ? { ...node, handles: undefined } : node));
}

export function toFlowEdges(graph: Graph, selected: ReadonlySet<string>, before: readonly FlowEdge[]): FlowEdge[] {
  const old = new Map(before.map((edge) => [edge.id, edge]));
  return graph.edges.map((edge) => {
    const known = old.get(edge.id);
    const isSelected = selected.has(edge.id);
    if (known?.data?.edge === edge && known.selected === isSelected) return known;
    return {
      id: edge.id,
      type: "link",
      source: edge.source,
      sourceHandle: edge.source_port,
      target: edge.target,
      targetHandle: edge.target_port,
      selected: isSelected,
      data: { edge },
      ariaLabel: `From ${edge.source} to ${edge.target}`,
    };
  });
}
