import { NodeResizer, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { FlowNode } from "./flow";

/** What only decorates the canvas: words for people. */
export const NoteFrame = memo(function NoteFrame({ data, selected, isConnectable }: NodeProps<FlowNode>) {
  const text = Object.values(data.node.params).find((value) => typeof value === "string");
  return (
    <div className="node-note" data-selected={selected}>
      <NodeResizer isVisible={selected && isConnectable} minWidth={140} minHeight={60} />
      {data.node.title ? <strong>{data.node.title}</strong> : null}
      <p>{text || (data.node.title ? "" : "An empty note")}</p>
    </div>
  );
});
