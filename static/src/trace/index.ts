/** The door of the run room: following a run, and the views of it. */
export { RunPage } from "./view/RunPage";
export { LiveRun } from "./view/LiveRun";
export { createTraceStore, TraceContext, type TraceStore } from "./store";
export { followRun } from "./follow";
