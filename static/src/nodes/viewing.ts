/** Where to look: at a graph when it opens, at the whole of it, at one node. */
import type { ReactFlowInstance, Viewport } from "@xyflow/react";
import type { Graph } from "../contract";
import { boundsOf, placeOf, type Kinds } from "../graph";
import { STEP_WIDTH } from "./estimate";
import type { FlowEdge, FlowNode } from "./flow";

const MOST_TO_DRAW_WHOLE = 250;
const MARGIN = 0.06;

export function isLarge(graph: Graph): boolean {
  return graph.nodes.length > MOST_TO_DRAW_WHOLE;
}

/** Under a graph that is shown whole there is room for the zoom buttons, so that they cover none of it. */
const PADDING = { top: MARGIN, x: MARGIN, bottom: "68px" } as const;

export const fitOptions = { padding: PADDING, maxZoom: 1 };

type Flow = Pick<ReactFlowInstance<FlowNode, FlowEdge>, "fitView" | "fitBounds" | "setCenter">;

/** A large graph opens where it begins, at a size that can be read; a small one opens whole (null). */
export function firstView(graph: Graph, kinds: Kinds): Viewport | null {
  if (!isLarge(graph)) return null;
  const { x } = boundsOf(graph, kinds);
  const first = graph.nodes.find((node) => node.parent === null && graph.layout[node.id]?.x === x);
  const zoom = 0.75;
  return { x: 80 - x * zoom, y: 240 - (first ? placeOf(graph, first.id).y : 0) * zoom, zoom };
}

export function lookAtAll(flow: Flow, graph: Graph, kinds: Kinds): void {
  if (isLarge(graph)) void flow.fitBounds(boundsOf(graph, kinds), { padding: MARGIN, duration: 200 });
  else void flow.fitView({ ...fitOptions, duration: 200 });
}

export function lookAt(flow: Flow, graph: Graph, id: string): void {
  const { x, y } = placeOf(graph, id);
  void flow.setCenter(x + STEP_WIDTH / 2, y + 40, { zoom: 1, duration: 250 });
}

/** Between the ends of an edge, as near as shows both. An end that is missing leaves the other. */
export function lookAtEdge(flow: Flow, graph: Graph, id: string): void {
  const edge = graph.edges.find((one) => one.id === id);
  const ends = [edge?.source, edge?.target].filter((end) => graph.nodes.some((node) => node.id === end));
  if (ends.length > 0) void flow.fitView({ nodes: ends.map((end) => ({ id: end ?? "" })), padding: 0.3, maxZoom: 1, duration: 250 });
}
