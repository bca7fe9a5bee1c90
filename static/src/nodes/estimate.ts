/** Where ports will be, near enough, before a node is drawn: so a large graph need not draw all of itself to begin. */
import { Position, type NodeHandle } from "@xyflow/react";
import type { Port } from "../contract";
import type { NodeData } from "./flow";

export const STEP_WIDTH = 232;
const HEAD = 56;
const CHIP_ROW = 30;
const PORT_ROW = 24;
const PORT = 12;

export function estimateHeight({ inputs, outputs, chips }: NodeData): number {
  const rows = (inputs.length > 1 ? inputs.length : 0) + (outputs.length > 1 ? outputs.length : 0);
  return HEAD + (chips.length > 0 ? CHIP_ROW : 0) + rows * PORT_ROW;
}

export function estimateHandles(data: NodeData): NodeHandle[] {
  const { inputs, outputs, chips } = data;
  const below = HEAD + (chips.length > 0 ? CHIP_ROW : 0);
  const inputRows = inputs.length > 1 ? inputs.length : 0;
  const place = (port: Port, index: number, isListed: boolean, type: "source" | "target", from: number): NodeHandle => ({
    id: port.name,
    type,
    position: type === "source" ? Position.Right : Position.Left,
    x: (type === "source" ? STEP_WIDTH : 0) - PORT / 2,
    y: (isListed ? from + index * PORT_ROW + PORT_ROW / 2 : HEAD / 2) - PORT / 2,
    width: PORT,
    height: PORT,
  });
  return [
    ...inputs.map((port, index) => place(port, index, inputs.length > 1, "target", below)),
    ...outputs.map((port, index) => place(port, index, outputs.length > 1, "source", below + inputRows * PORT_ROW)),
  ];
}
