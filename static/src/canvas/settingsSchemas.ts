/** The forms of what every node and graph has, as schemas, so that one form draws them all. */
import type { Json, NodeKindSchema } from "../contract";
import type { Schema } from "../forms";

const DEFAULTS: Record<string, Json> = {
  on_error: { enum: ["fail", "port", "default"], type: "string", title: "When it fails", description: "Fail the run, leave by the error port, or go on with a default." },
  default_output: { title: "Default output", control: "json" },
};

const NO_DEFAULTS: Record<string, Json> = {
  on_error: { enum: ["fail", "port"], type: "string", title: "When it fails", description: "Fail the run, or leave by the error port." },
};

const BEFORE: Record<string, Json> = {
  firing: {
    type: "object",
    title: "Fires when",
    properties: {
      rule: { enum: ["all", "any", "n_of"], type: "string", title: "Inputs that must have arrived" },
      count: { type: "integer", minimum: 1, title: "How many, for n of" },
    },
  },
  retry: {
    type: "object",
    title: "Retry",
    properties: {
      attempts: { type: "integer", minimum: 1, maximum: 20, title: "Attempts in all" },
      initial_s: { type: "number", minimum: 0, title: "First wait, seconds" },
      factor: { type: "number", minimum: 1, maximum: 10, title: "Growth of the wait" },
      max_s: { type: "number", minimum: 0, title: "Longest wait, seconds" },
    },
  },
  timeout_s: { anyOf: [{ type: "number", minimum: 0 }, { type: "null" }], title: "Timeout, seconds", unit: "s", empty: "No limit" },
};

const AFTER: Record<string, Json> = {
  writes: { type: "object", control: "expression-map", title: "Writes to shared state", description: "The channel, and the expression whose value it takes in, such as output.id" },
};

/** The settings of a node of this kind: a default is offered only where it can stand for the main output. */
export function nodeSettings(kind: NodeKindSchema | undefined): Schema {
  const hasMain = kind?.outputs.some((port) => port.name === "out" && !port.inner);
  return { type: "object", properties: { ...BEFORE, ...(hasMain ? DEFAULTS : NO_DEFAULTS), ...AFTER } };
}

export const GRAPH_LIMIT_SETTINGS: Schema = {
  type: "object",
  properties: {
    max_steps: { type: "integer", minimum: 1, title: "Steps at most" },
    max_seconds: { anyOf: [{ type: "number", minimum: 1 }, { type: "null" }], title: "Seconds at most", unit: "s", empty: "No limit" },
    max_items: { type: "integer", minimum: 1, title: "Items of one map at most" },
  },
};

export const EDGE_SETTINGS: Schema = {
  type: "object",
  properties: {
    label: { type: "string", title: "Label" },
    condition: { anyOf: [{ type: "string", control: "expression" }, { type: "null" }], control: "expression", title: "Condition", description: "The edge is open when this is true. Empty: always." },
    otherwise: { type: "boolean", title: "Otherwise", description: "Open when no other edge of its port is." },
    max_iterations: { anyOf: [{ type: "integer", minimum: 1, maximum: 10_000 }, { type: "null" }], title: "Loop limit", empty: "No limit", description: "For an edge that closes a loop: how often it may be taken." },
  },
};
