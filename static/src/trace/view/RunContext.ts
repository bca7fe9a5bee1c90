import { createContext, useContext } from "react";
import type { Client, RunRecord } from "../../api";
import type { NodeKindSchema } from "../../contract";

export interface RunAbout {
  client: Client;
  record: RunRecord;
  kinds: ReadonlyMap<string, NodeKindSchema>;
  may: RunRecord["may"];
}

export const RunContext = createContext<RunAbout | null>(null);

export function useRunAbout(): RunAbout {
  const about = useContext(RunContext);
  if (!about) throw new Error("A run view needs a RunContext around it.");
  return about;
}
