import { NodeResizer, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import { Icon } from "../controls";
import { portTitle } from "../graph";
import type { Port } from "../contract";
import { Figures, Marks } from "./Marks";
import { PortHandle } from "./PortHandle";
import type { FlowNode } from "./flow";
import { useFace } from "./useFace";

/** A node with a body: a frame around its children, with ports outside and in. */
export const ContainerFrame = memo(function ContainerFrame({ id, data, selected, isConnectable }: NodeProps<FlowNode>) {
  const face = useFace(id);
  const { node, kind, inputs, outputs } = data;
  const outer = (ports: Port[]) => ports.filter((port) => !port.inner);
  const inner = (ports: Port[]) => ports.filter((port) => port.inner);
  return (
    <div className="node node-container" data-selected={selected} data-status={face.status === "idle" ? undefined : face.status} data-group={kind?.group ?? "flow"}>
      <NodeResizer isVisible={selected && isConnectable} minWidth={320} minHeight={160} />
      <Marks id={id} face={face} />
      <div className="node-head">
        <span className="node-icon">
          <Icon name={kind?.icon ?? ""} />
        </span>
        <span className="node-names">
          <span className="node-title">{node.title || kind?.title || node.id}</span>
          <span className="node-subtitle">{node.title ? kind?.title : node.id}</span>
        </span>
        <Figures face={face} />
      </div>
      <Ports ports={outer(inputs)} side="target" place="outer-left" />
      <Ports ports={outer(outputs)} side="source" place="outer-right" />
      <Ports ports={inner(outputs)} side="source" place="inner-left" facing="right" />
      <Ports ports={inner(inputs)} side="target" place="inner-right" facing="left" />
    </div>
  );
});

interface PortsProps {
  ports: Port[];
  side: "source" | "target";
  place: "outer-left" | "outer-right" | "inner-left" | "inner-right";
  facing?: "left" | "right";
}

function Ports({ ports, side, place, facing }: PortsProps) {
  const isLabelled = place.startsWith("inner") || ports.length > 1;
  return (
    <div className="container-ports" data-place={place}>
      {ports.map((port) => (
        <div className="container-port" key={port.name}>
          {isLabelled ? <span>{portTitle(port)}</span> : null}
          <PortHandle port={port} side={side} {...(facing ? { facing } : {})} />
        </div>
      ))}
    </div>
  );
}
