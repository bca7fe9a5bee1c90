import {
  MiniMap,
  useReactFlow,
  type Connection as FlowConnection,
  type EdgeChange,
  type NodeChange,
  type OnConnectEnd,
} from "@xyflow/react";
import { useCallback, useEffect, useState, type DragEvent } from "react";
import { checkConnection, connect, placeNodes, type Connection } from "../graph";
import { GraphSurface, applyFlowChanges, toFlowEdges, toFlowNodes, type FlowEdge, type FlowNode } from "../nodes";
import { settleDrag } from "./dragging";
import { KIND_MIME, useAddNode } from "./useAddNode";
import { useEditor, useEditorStore } from "./store";

const asConnection = (connection: FlowConnection | FlowEdge): Connection => ({
  source: connection.source,
  source_port: connection.sourceHandle ?? "out",
  target: connection.target,
  target_port: connection.targetHandle ?? "in",
});

/** The canvas. Drags live here until they end; then the document takes them in as one edit. */
export function Surface() {
  const store = useEditorStore();
  const graph = useEditor((view) => view.graph);
  const kinds = useEditor((view) => view.kinds);
  const selectedNodes = useEditor((view) => view.nodes);
  const selectedEdges = useEditor((view) => view.edges);
  const mayEdit = useEditor((view) => view.may.edit);
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const addNode = useAddNode();
  const [nodes, setNodes] = useState<FlowNode[]>([]);
  const [edges, setEdges] = useState<FlowEdge[]>([]);

  useEffect(() => {
    setNodes((now) =>
      toFlowNodes(graph, kinds, now).map((node) => {
        const isSelected = selectedNodes.has(node.id);
        return (node.selected ?? false) === isSelected ? node : { ...node, selected: isSelected };
      }),
    );
  }, [graph, kinds, selectedNodes]);
  useEffect(() => setEdges((now) => toFlowEdges(graph, selectedEdges, now)), [graph, selectedEdges]);

  const onNodesChange = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      const picks = changes.filter((change) => change.type === "select");
      if (picks.length > 0) {
        const next = new Set(store.getState().nodes);
        for (const pick of picks) {
          if (pick.selected) next.add(pick.id);
          else next.delete(pick.id);
        }
        store.select(next, store.getState().edges);
      }
      const local = changes.filter((change) => change.type === "position" || change.type === "dimensions");
      if (local.length > 0) setNodes((now) => applyFlowChanges(local, now));
      commitPlaces(local, store);
    },
    [store],
  );

  const onEdgesChange = useCallback(
    (changes: EdgeChange<FlowEdge>[]) => {
      const next = new Set(store.getState().edges);
      let isChanged = false;
      for (const change of changes) {
        if (change.type !== "select") continue;
        isChanged = true;
        if (change.selected) next.add(change.id);
        else next.delete(change.id);
      }
      if (isChanged) store.select(store.getState().nodes, next);
    },
    [store],
  );

  const onConnect = useCallback(
    (connection: FlowConnection) => {
      const view = store.getState();
      const result = connect(view.graph, view.kinds, asConnection(connection));
      if ("reason" in result) return store.say(result.reason);
      store.edit(result.graph);
      store.select([], [result.id]);
    },
    [store],
  );

  const onConnectEnd: OnConnectEnd = useCallback(
    (event, state) => {
      const { fromHandle, toHandle, fromNode } = state;
      if (!fromHandle || !fromNode) return;
      if (toHandle && state.isValid === false) {
        const isForward = fromHandle.type === "source";
        const [out, into] = isForward ? [fromHandle, toHandle] : [toHandle, fromHandle];
        const view = store.getState();
        const check = checkConnection(view.graph, view.kinds, { source: out.nodeId, source_port: out.id ?? "out", target: into.nodeId, target_port: into.id ?? "in" });
        if (out.type === into.type) store.say("An edge leads from an output to an input.");
        else if (!check.ok) store.say(check.reason);
        return;
      }
      if (toHandle || fromHandle.type !== "source" || state.toNode) return;
      const point = "changedTouches" in event ? event.changedTouches[0] : event;
      if (point) store.setState({ dialog: "add", addFrom: { node: fromNode.id, port: fromHandle.id ?? "out", at: flow.screenToFlowPosition({ x: point.clientX, y: point.clientY }) } });
    },
    [store, flow],
  );

  const isValidConnection = useCallback(
    (connection: FlowConnection | FlowEdge) => {
      const view = store.getState();
      return checkConnection(view.graph, view.kinds, asConnection(connection)).ok;
    },
    [store],
  );

  const onDrop = useCallback(
    (event: DragEvent) => {
      const kind = event.dataTransfer.getData(KIND_MIME);
      if (!kind) return;
      event.preventDefault();
      addNode(kind, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }));
    },
    [addNode, flow],
  );

  return (
    <GraphSurface
      graph={graph}
      kinds={kinds}
      nodes={nodes}
      edges={edges}
      onNodesChange={onNodesChange}
      onEdgesChange={onEdgesChange}
      onConnect={onConnect}
      onConnectEnd={onConnectEnd}
      isValidConnection={isValidConnection}
      onNodeDragStop={(_, __, dragged) => settleDrag(store, flow, dragged)}
      onDrop={onDrop}
      onDragOver={(event) => event.preventDefault()}
      nodesDraggable={mayEdit}
      nodesConnectable={mayEdit}
      connectionRadius={28}
      snapToGrid
      snapGrid={SNAP}
      aria-label="Graph"
    >
      <MiniMap pannable zoomable position="bottom-right" ariaLabel="Map of the graph" />
    </GraphSurface>
  );
}

const SNAP: [number, number] = [4, 4];

/** Ended moves and resizes go into the document; what did not change makes no undo step. */
function commitPlaces(changes: NodeChange<FlowNode>[], store: ReturnType<typeof useEditorStore>): void {
  const { graph } = store.getState();
  const places: Record<string, { x?: number; y?: number; width?: number; height?: number }> = {};
  for (const change of changes) {
    if (change.type === "position" && change.dragging === false && change.position) places[change.id] = { ...places[change.id], ...change.position };
    if (change.type === "dimensions" && change.resizing === false && change.dimensions) places[change.id] = { ...places[change.id], ...change.dimensions };
  }
  const moved = Object.entries(places).filter(([id, place]) => {
    const at = graph.layout[id];
    return !at || Object.entries(place).some(([side, value]) => at[side as keyof typeof at] !== value);
  });
  if (moved.length > 0) store.edit(placeNodes(graph, Object.fromEntries(moved)), `move ${moved.map(([id]) => id).join(" ")}`);
}
