/** The door of the contract: everything the browser knows of the server's vocabulary. */
import type { NodeKindSchema, Port } from "./generated";

export type * from "./generated";
export type Group = NodeKindSchema["group"];
export type PortType = Port["type"];
