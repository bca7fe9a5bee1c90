import { BaseEdge, EdgeLabelRenderer, getBezierPath, getSmoothStepPath, type EdgeProps } from "@xyflow/react";
import { memo, useContext } from "react";
import { useStore } from "zustand";
import { FacesContext } from "./faces";
import type { FlowEdge } from "./flow";

/** An edge that leads back goes over the nodes between, this far above its ends. */
const CLEARANCE = 84;

/** Neighbours that stand close together are not a way back. */
const OVERLAP = 48;

/** An edge with what it asks for: its condition, "otherwise", how often it may loop. */
export const LinkEdge = memo(function LinkEdge(props: EdgeProps<FlowEdge>) {
  const taken = useStore(useContext(FacesContext), (faces) => faces.edges[props.id] ?? 0);
  const isBusy = useStore(useContext(FacesContext), (faces) => faces.nodes[props.target]?.status === "running" && (faces.edges[props.id] ?? 0) > 0);
  const leadsBack = props.targetX < props.sourceX - OVERLAP;
  const [path, labelX, labelY] = leadsBack
    ? getSmoothStepPath({ ...props, centerY: Math.min(props.sourceY, props.targetY) - CLEARANCE, borderRadius: 14, offset: 26 })
    : getBezierPath(props);
  const edge = props.data?.edge;
  const condition = edge?.label || (edge?.otherwise ? "otherwise" : edge?.condition);
  const loop = edge?.max_iterations;
  return (
    <>
      <BaseEdge
        id={props.id}
        path={path}
        className={`link ${taken > 0 ? "link-taken" : ""} ${isBusy ? "link-busy" : ""} ${edge?.source_port === "error" ? "link-error" : ""}`}
        interactionWidth={18}
      />
      {condition || loop ? (
        <EdgeLabelRenderer>
          <div className="link-label" data-selected={props.selected} style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}>
            {condition ? <span className={edge?.condition && !edge.label && !edge.otherwise ? "mono" : ""}>{condition}</span> : null}
            {loop ? <span className="link-loop">↻ ≤ {loop}</span> : null}
          </div>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
});
