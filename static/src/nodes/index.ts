/** The door of the node faces: how a graph is drawn, in the editor and on the run page alike. */
export { FacesContext, NO_FACE, createFaceStore, type Face, type FaceStore } from "./faces";
export { GraphSurface } from "./GraphSurface";
export { applyFlowChanges, toFlowEdges, toFlowNodes, type FlowEdge, type FlowNode, type NodeData } from "./flow";
export { lookAt, lookAtAll, lookAtEdge } from "./viewing";
export { ProblemsContext, indexProblems } from "./problems";
