/** Which face draws what: by the kind's traits, never by its name. */
import type { EdgeTypes, NodeTypes } from "@xyflow/react";
import { ContainerFrame } from "./ContainerFrame";
import { LinkEdge } from "./LinkEdge";
import { NodeFrame } from "./NodeFrame";
import { NoteFrame } from "./NoteFrame";

export const nodeTypes: NodeTypes = { step: NodeFrame, container: ContainerFrame, note: NoteFrame };
export const edgeTypes: EdgeTypes = { link: LinkEdge };
