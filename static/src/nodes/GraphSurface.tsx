import { Background, BackgroundVariant, Controls, ReactFlow, type ReactFlowProps } from "@xyflow/react";
import { useState, type ReactNode } from "react";
import type { Graph } from "../contract";
import type { Kinds } from "../graph";
import type { FlowEdge, FlowNode } from "./flow";
import { edgeTypes, nodeTypes } from "./registry";
import { useDistance } from "./useDistance";
import { useFirstSight } from "./useFirstSight";
import { firstView, fitOptions } from "./viewing";

type Own = "nodeTypes" | "edgeTypes" | "className" | "fitView" | "fitViewOptions" | "defaultViewport" | "minZoom" | "maxZoom" | "deleteKeyCode" | "proOptions" | "onlyRenderVisibleElements";

interface GraphSurfaceProps extends Omit<ReactFlowProps<FlowNode, FlowEdge>, Own> {
  /** What the first look is at; later changes of it move nothing. */
  graph: Graph;
  kinds: Kinds;
  children?: ReactNode;
}

const PRO = { hideAttribution: true };

/** The surface on which a graph is drawn, edited or watched: how it opens, how far it zooms, what its background is. */
export function GraphSurface({ graph, kinds, children, ...rest }: GraphSurfaceProps) {
  const distance = useDistance();
  const [begin] = useState(() => firstView(graph, kinds));
  useFirstSight(begin === null);
  return (
    <ReactFlow
      {...rest}
      nodeTypes={nodeTypes}
      edgeTypes={edgeTypes}
      className={distance}
      fitView={begin === null}
      {...(begin ? { defaultViewport: begin } : {})}
      fitViewOptions={fitOptions}
      minZoom={0.05}
      maxZoom={2}
      deleteKeyCode={null}
      onlyRenderVisibleElements
      proOptions={PRO}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1.4} />
      <Controls showInteractive={false} position="bottom-left" orientation="horizontal" fitViewOptions={fitOptions} />
      {children}
    </ReactFlow>
  );
}
