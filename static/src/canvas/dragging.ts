/** What a finished drag means: a node dropped into a map joins its body, one dragged out leaves it. */
import type { ReactFlowInstance } from "@xyflow/react";
import { placeNodes, reparent, withDescendants } from "../graph";
import type { FlowEdge, FlowNode } from "../nodes";
import type { EditorStore } from "./store";

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

type Flow = Pick<ReactFlowInstance<FlowNode, FlowEdge>, "getInternalNode">;

function boxOf(flow: Flow, id: string): Box | null {
  const node = flow.getInternalNode(id);
  if (!node) return null;
  const { x, y } = node.internals.positionAbsolute;
  return { x, y, width: node.measured.width ?? node.width ?? 0, height: node.measured.height ?? node.height ?? 0 };
}

/** The smallest container around a point of the canvas. */
export function containerAt(store: EditorStore, flow: Flow, point: { x: number; y: number }, except: ReadonlySet<string> = new Set()): { id: string; box: Box } | null {
  const { graph, kinds } = store.getState();
  let best: { id: string; box: Box } | null = null;
  for (const node of graph.nodes) {
    if (!kinds.get(node.kind)?.container || except.has(node.id)) continue;
    const box = boxOf(flow, node.id);
    if (!box || point.x < box.x || point.y < box.y || point.x > box.x + box.width || point.y > box.y + box.height) continue;
    if (!best || box.width * box.height < best.box.width * best.box.height) best = { id: node.id, box };
  }
  return best;
}

export function settleDrag(store: EditorStore, flow: Flow, dragged: readonly FlowNode[]): void {
  const ids = new Set(dragged.map((node) => node.id));
  for (const { id } of dragged) {
    const { graph, kinds } = store.getState();
    const node = graph.nodes.find((one) => one.id === id);
    const box = boxOf(flow, id);
    if (!node || !box || (node.parent !== null && ids.has(node.parent))) continue;
    const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const home = containerAt(store, flow, centre, withDescendants(graph, [id]));
    if ((home?.id ?? null) === node.parent) continue;
    const at = { x: box.x - (home?.box.x ?? 0), y: box.y - (home?.box.y ?? 0) };
    const moved = reparent(graph, kinds, id, home?.id ?? null, at);
    if (moved.edges.length < graph.edges.length) {
      store.say("It is connected on its side of the map's border. Remove those edges first, then move it across.");
      store.edit(placeNodes(graph, {}), `move ${id}`);
      continue;
    }
    store.edit(moved, `move ${id}`);
  }
}
