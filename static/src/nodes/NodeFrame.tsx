import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { Icon } from "../controls";
import { portTitle } from "../graph";
import { Figures, Marks } from "./Marks";
import { PortHandle } from "./PortHandle";
import type { FlowNode } from "./flow";
import { useFace } from "./useFace";

/** The card of an ordinary node. */
export const NodeFrame = memo(function NodeFrame({ id, data, selected }: NodeProps<FlowNode>) {
  const face = useFace(id);
  const { node, kind, inputs, outputs, chips } = data;
  const listsInputs = inputs.length > 1;
  const listsOutputs = outputs.length > 1;
  return (
    <div className="node" data-selected={selected} data-status={face.status === "idle" ? undefined : face.status} data-group={kind?.group ?? "flow"} data-unknown={kind === null}>
      <Marks id={id} face={face} />
      <div className="node-head">
        <span className="node-icon">
          <Icon name={kind?.icon ?? ""} />
        </span>
        <span className="node-names">
          <span className="node-title">{node.title || kind?.title || node.id}</span>
          <span className="node-subtitle">{kind ? (node.title ? kind.title : node.id) : `Unknown kind “${node.kind}”`}</span>
        </span>
        {listsInputs ? null : inputs.map((port) => <PortHandle key={port.name} port={port} side="target" />)}
        {listsOutputs ? null : outputs.map((port) => <PortHandle key={port.name} port={port} side="source" />)}
      </div>
      {chips.length > 0 ? (
        <div className="node-chips">
          {chips.map((chip) => (
            <span className="chip" key={chip} title={chip}>
              {chip}
            </span>
          ))}
        </div>
      ) : null}
      {listsInputs
        ? inputs.map((port) => (
            <div className="node-port" data-side="in" key={port.name}>
              <PortHandle port={port} side="target" />
              {portTitle(port)}
            </div>
          ))
        : null}
      {listsOutputs
        ? outputs.map((port) => (
            <div className="node-port" data-side="out" data-port={port.name} key={port.name}>
              {portTitle(port)}
              <PortHandle port={port} side="source" />
            </div>
          ))
        : null}
      <Figures face={face} />
    </div>
  );
});
