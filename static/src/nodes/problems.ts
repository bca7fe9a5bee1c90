/** Problems by the node they concern. */
import { createContext } from "react";
import type { Problem } from "../contract";

export type ProblemIndex = ReadonlyMap<string, readonly Problem[]>;

export const ProblemsContext = createContext<ProblemIndex>(new Map());
