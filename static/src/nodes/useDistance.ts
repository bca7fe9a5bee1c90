import { useStore } from "@xyflow/react";

/** Below this zoom only titles can be read, and are drawn large; below the next one, none can. */
const DISTANT = 0.5;
const FAR = 0.2;

/** The class of a canvas by how far away its cards are seen. */
export function useDistance(): "" | "distant" | "far" {
  return useStore(({ transform: [, , zoom] }) => (zoom < FAR ? "far" : zoom < DISTANT ? "distant" : ""));
}
