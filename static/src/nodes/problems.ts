/** Problems by what they concern: a node, an edge, or both. */
import { createContext } from "react";
import type { Problem } from "../contract";

export interface ProblemIndex {
  nodes: ReadonlyMap<string, readonly Problem[]>;
  edges: ReadonlyMap<string, readonly Problem[]>;
}

export const NO_PROBLEMS: readonly Problem[] = [];

export const ProblemsContext = createContext<ProblemIndex>(indexProblems([]));

export function indexProblems(problems: readonly Problem[]): ProblemIndex {
  return { nodes: groupedBy(problems, (problem) => problem.node), edges: groupedBy(problems, (problem) => problem.edge) };
}

/** The worst of them; null of none. */
export function severityOf(problems: readonly Problem[]): Problem["severity"] | null {
  if (problems.length === 0) return null;
  return problems.some((problem) => problem.severity === "error") ? "error" : "warning";
}

export function textOf(problems: readonly Problem[]): string {
  return problems.map((problem) => problem.message).join("\n");
}

function groupedBy(problems: readonly Problem[], idOf: (problem: Problem) => string | null): ReadonlyMap<string, readonly Problem[]> {
  const index = new Map<string, Problem[]>();
  for (const problem of problems) {
    const id = idOf(problem);
    if (id === null) continue;
    const known = index.get(id);
    if (known) known.push(problem);
    else index.set(id, [problem]);
  }
  return index;
}
