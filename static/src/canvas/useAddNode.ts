import { useReactFlow } from "@xyflow/react";
import { useCallback } from "react";
import { addNode, connect, firstFit, findNode } from "../graph";
import type { FlowEdge, FlowNode } from "../nodes";
import { containerAt } from "./dragging";
import { useEditorStore } from "./store";

/** What a dragged palette entry carries. */
export const KIND_MIME = "application/x-baton-kind";

/** Adds a node of a kind where it is wanted, inside the container that is there, joined on when asked for by an edge. */
export function useAddNode(): (kind: string, at?: { x: number; y: number }) => void {
  const store = useEditorStore();
  const flow = useReactFlow<FlowNode, FlowEdge>();
  return useCallback(
    (name, at) => {
      const { graph, kinds, addFrom } = store.getState();
      const kind = kinds.get(name);
      if (!kind) return;
      const canvas = document.querySelector(".react-flow")?.getBoundingClientRect();
      const centre = canvas ? { x: canvas.x + canvas.width / 2, y: canvas.y + canvas.height / 2 } : { x: 400, y: 300 };
      const point = at ?? addFrom?.at ?? flow.screenToFlowPosition(centre);
      const source = addFrom ? findNode(graph, addFrom.node) : undefined;
      const home = containerAt(store, flow, point);
      const parent = home?.id ?? null;
      const place = { x: Math.round(point.x - (home?.box.x ?? 0)), y: Math.round(point.y - (home?.box.y ?? 0) - 28) };
      const added = addNode(graph, kind, place, parent);
      let next = added.graph;
      const fit = source && addFrom ? firstFit(next, kinds, source.id, addFrom.port, added.id) : null;
      if (fit) {
        const joined = connect(next, kinds, fit);
        if ("graph" in joined) next = joined.graph;
      }
      store.edit(next);
      store.select([added.id]);
      store.setState({ dialog: null, addFrom: null });
    },
    [store, flow],
  );
}
