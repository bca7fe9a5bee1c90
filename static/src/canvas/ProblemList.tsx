import { CircleAlert, TriangleAlert } from "lucide-react";
import type { Problem } from "../contract";

export function ProblemList({ problems, onGo }: { problems: readonly Problem[]; onGo?: (problem: Problem) => void }) {
  if (problems.length === 0) return null;
  return (
    <ul className="problems">
      {problems.map((problem, index) => (
        <li key={`${problem.code}-${index}`} className="problem" data-severity={problem.severity}>
          {problem.severity === "error" ? <CircleAlert size={14} aria-label="Error" /> : <TriangleAlert size={14} aria-label="Warning" />}
          <span>
            {problem.message} <span className="muted">{problem.cure}</span>
          </span>
          {onGo && (problem.node ?? problem.edge ?? problem.agent) !== null ? (
            <button type="button" className="link" onClick={() => onGo(problem)}>
              Show {problem.node ?? problem.agent ?? problem.edge}
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
