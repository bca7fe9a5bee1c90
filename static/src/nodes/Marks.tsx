import { useContext } from "react";
import { StatusDisc } from "../controls";
import { formatCompact, formatCost, formatDuration } from "../figures";
import type { Face } from "./faces";
import { ProblemMark } from "./ProblemMark";
import { NO_PROBLEMS, ProblemsContext } from "./problems";

/** What is wrong with a node (left) and what it is doing (right), on the corners of its card. */
export function Marks({ id, face }: { id: string; face: Face }) {
  const problems = useContext(ProblemsContext).nodes.get(id) ?? NO_PROBLEMS;
  return (
    <>
      <ProblemMark problems={problems} />
      {face.status === "idle" ? null : (
        <span className="node-status">
          <StatusDisc status={face.status} />
        </span>
      )}
    </>
  );
}

/** Duration, tokens and cost under a node that has run; progress for one that runs many times. */
export function Figures({ face }: { face: Face }) {
  const { counts } = face;
  const parts = [
    face.durationUs === null ? "" : formatDuration(face.durationUs),
    face.tokens > 0 ? `${formatCompact(face.tokens)} tok` : "",
    face.costNano > 0 ? formatCost(face.costNano) : "",
  ].filter(Boolean);
  if (!counts && parts.length === 0) return null;
  return (
    <div className="node-figures numeric">
      {counts ? (
        <>
          <span className="node-progress" aria-hidden="true">
            <span data-part="succeeded" style={{ flexGrow: counts.succeeded }} />
            <span data-part="failed" style={{ flexGrow: counts.failed }} />
            <span data-part="waiting" style={{ flexGrow: counts.waiting }} />
            <span data-part="running" style={{ flexGrow: counts.running }} />
            <span style={{ flexGrow: Math.max(0, (counts.total ?? 0) - counts.succeeded - counts.failed - counts.waiting - counts.running) }} />
          </span>
          <span>
            {counts.total === null ? `${counts.succeeded} done` : `${counts.succeeded} of ${counts.total}`}
            {counts.running > 0 ? ` · ${counts.running} running` : ""}
            {counts.failed > 0 ? ` · ${counts.failed} failed` : ""}
            {counts.waiting > 0 ? ` · ${counts.waiting} waiting` : ""}
          </span>
        </>
      ) : null}
      {parts.length > 0 ? <span className="node-sums">{parts.join(" · ")}</span> : null}
    </div>
  );
}
