import { BaseEdge, EdgeLabelRenderer, getBezierPath, getSmoothStepPath, useStoreApi, type EdgeProps } from "@xyflow/react";
import { memo, useContext } from "react";
import { useStore } from "zustand";
import { FacesContext } from "./faces";
import type { FlowEdge } from "./flow";
import { ProblemMark } from "./ProblemMark";
import { NO_PROBLEMS, ProblemsContext, severityOf } from "./problems";

/** An edge that leads back goes over the nodes between, this far above its ends: the farther, the higher, so that loops inside each other do not cover each other. */
const clearance = (length: number): number => 72 + Math.min(160, 0.09 * length);

/** Neighbours that stand close together are not a way back. */
const OVERLAP = 48;

/** An edge with what is wrong with it and what it asks for: its condition, "otherwise", how often it may loop. */
export const LinkEdge = memo(function LinkEdge(props: EdgeProps<FlowEdge>) {
  const taken = useStore(useContext(FacesContext), (faces) => faces.edges[props.id] ?? 0);
  const isBusy = useStore(useContext(FacesContext), (faces) => faces.nodes[props.target]?.status === "running" && (faces.edges[props.id] ?? 0) > 0);
  const problems = useContext(ProblemsContext).edges.get(props.id) ?? NO_PROBLEMS;
  const flow = useStoreApi();
  const leadsBack = props.targetX < props.sourceX - OVERLAP;
  const [path, labelX, labelY] = leadsBack
    ? getSmoothStepPath({ ...props, centerY: Math.min(props.sourceY, props.targetY) - clearance(props.sourceX - props.targetX), borderRadius: 14, offset: 26 })
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
        data-severity={severityOf(problems) ?? undefined}
        interactionWidth={18}
      />
      {condition || loop || problems.length > 0 ? (
        <EdgeLabelRenderer>
          <div className="link-place" style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}>
            <ProblemMark problems={problems} onSelect={() => flow.getState().addSelectedEdges([props.id])} />
            {condition || loop ? (
              <div className="link-label" data-selected={props.selected}>
                {condition ? <span className={edge?.condition && !edge.label && !edge.otherwise ? "mono" : ""}>{condition}</span> : null}
                {loop ? <span className="link-loop">↻ ≤ {loop}</span> : null}
              </div>
            ) : null}
          </div>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
});
