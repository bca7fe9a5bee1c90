import { useReactFlow, useStore } from "@xyflow/react";
import { useEffect } from "react";
import { fitOptions } from "./viewing";

/** Shows the whole graph when its canvas gets a size: one that was hidden had nothing to fit into. */
export function useFirstSight(isWhole: boolean): void {
  const { fitView } = useReactFlow();
  const isSeen = useStore(({ width, height }) => width > 0 && height > 0);
  useEffect(() => {
    if (isWhole && isSeen) void fitView(fitOptions);
  }, [isWhole, isSeen, fitView]);
}
