import { ReactFlowProvider, type NodeChange, type NodeMouseHandler } from "@xyflow/react";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Graph } from "../../contract";
import { needsLayout, tidy, type Kinds } from "../../graph";
import { GraphSurface, applyFlowChanges, toFlowEdges, toFlowNodes, type FlowNode } from "../../nodes";
import { isWithin } from "../path";
import type { Span } from "../spans";
import { useTrace, useTraceStore } from "../store";

interface RunCanvasProps {
  graph: Graph;
  kinds: Kinds;
}

/** The graph as it ran. Selecting a node selects its span, and the other way round. */
export function RunCanvas({ graph, kinds }: RunCanvasProps) {
  return (
    <ReactFlowProvider>
      <Drawing graph={graph} kinds={kinds} />
      <ItemChooser />
    </ReactFlowProvider>
  );
}

const none = new Set<string>();

function Drawing({ graph, kinds }: RunCanvasProps) {
  const store = useTraceStore();
  const selected = useTrace((view) => view.index.get(view.selected)?.node ?? "");
  const placed = useMemo(() => (needsLayout(graph) ? { ...graph, layout: tidy(graph, kinds) } : graph), [graph, kinds]);
  const [nodes, setNodes] = useState<FlowNode[]>(() => toFlowNodes(placed, kinds, []));
  const onNodesChange = useCallback((changes: NodeChange<FlowNode>[]) => setNodes((now) => applyFlowChanges(changes, now)), []);
  const edges = useMemo(() => toFlowEdges(placed, none, []), [placed]);
  useEffect(() => {
    setNodes((now) => now.map((node) => (node.selected === (node.id === selected) ? node : { ...node, selected: node.id === selected })));
  }, [selected]);
  const choose: NodeMouseHandler<FlowNode> = (_, node) => {
    const { index, item } = store.getState();
    const span = spanOfNode(index, node.id, item);
    if (span) store.show(span.path);
  };
  return (
    <GraphSurface
      graph={placed}
      kinds={kinds}
      nodes={nodes}
      edges={edges}
      onNodesChange={onNodesChange}
      onNodeClick={choose}
      nodesDraggable={false}
      nodesConnectable={false}
      edgesFocusable={false}
      aria-label="The graph of this run"
    />
  );
}

/** The span a node stands for: that of the chosen item, else the worst, else the latest. */
function spanOfNode(index: ReadonlyMap<string, Span>, node: string, item: string | null): Span | undefined {
  const spans = [...index.values()].filter((span) => span.sort === "step" && span.node === node && (item === null || isWithin(span.path, item) || isWithin(item, span.path)));
  return spans.find((span) => span.status === "failed") ?? spans.find((span) => span.status === "waiting") ?? spans.at(-1);
}

/** For graphs with a map: all items together, or one of them. */
function ItemChooser() {
  const store = useTraceStore();
  useTrace((view) => view.run.scopes.size);
  const item = useTrace((view) => view.item);
  const scopes = [...store.getState().run.scopes.values()];
  if (scopes.length === 0) return null;
  return (
    <label className="item-chooser">
      <span className="muted">Show</span>
      <select className="select" value={item ?? ""} onChange={(event) => store.setState({ item: event.target.value || null })}>
        <option value="">all items</option>
        {scopes.map((scope) => (
          <option key={scope.scope} value={scope.scope}>
            {scope.label || scope.scope}
          </option>
        ))}
      </select>
    </label>
  );
}
