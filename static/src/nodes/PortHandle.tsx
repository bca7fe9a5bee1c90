import { Handle, Position } from "@xyflow/react";
import type { Port } from "../contract";
import { portTitle } from "../graph";

interface PortHandleProps {
  port: Port;
  side: "source" | "target";
  /** Inner ports sit on the inside of their frame and face the body. */
  facing?: "left" | "right";
}

export function PortHandle({ port, side, facing }: PortHandleProps) {
  const position = (facing ?? (side === "source" ? "right" : "left")) === "right" ? Position.Right : Position.Left;
  return (
    <Handle
      id={port.name}
      type={side}
      position={position}
      className="port"
      data-type={port.name === "error" ? "error" : port.type}
      data-many={port.many}
      title={`${portTitle(port)}: ${port.many ? "many values" : port.type}`}
      role="img"
      aria-label={`${side === "source" ? "Output" : "Input"} ${portTitle(port)}, ${port.type}`}
    />
  );
}
