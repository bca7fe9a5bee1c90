/** Kinds and documents the tests of this folder share. */
import type { NodeKindSchema, Port } from "../contract";
import { completeGraph } from "./document";

const port = (name: string, patch: Partial<Port> = {}): Port => ({ name, title: name, type: "any", many: false, inner: false, modality: null, ...patch });

const kind = (name: string, patch: Partial<NodeKindSchema> = {}): NodeKindSchema => ({
  name,
  title: name,
  summary: "",
  group: "flow",
  icon: "circle",
  version: 1,
  inputs: [port("in")],
  outputs: [port("out")],
  ports_from: null,
  container: false,
  executes: true,
  params: {},
  defaults: {},
  ...patch,
});

export const sampleKinds = new Map(
  [
    kind("input", { inputs: [] }),
    kind("step"),
    kind("count", { outputs: [port("out", { type: "number" })] }),
    kind("words", { inputs: [port("in", { type: "text" })] }),
    kind("gather", { inputs: [port("in", { type: "list", many: true })] }),
    kind("choice", { outputs: [], ports_from: { param: "routes", name: "name" }, defaults: { routes: [{ name: "yes" }, { name: "no" }] } }),
    kind("each", {
      container: true,
      inputs: [port("in", { type: "list" }), port("result", { inner: true })],
      outputs: [port("out", { type: "list" }), port("item", { inner: true })],
    }),
    kind("note", { inputs: [], outputs: [], executes: false }),
  ].map((entry) => [entry.name, entry]),
);

/** input -> a -> each( b -> c ) */
export const sampleGraph = completeGraph({
  title: "Sample",
  nodes: [
    { id: "input", kind: "input" },
    { id: "a", kind: "step" },
    { id: "each", kind: "each" },
    { id: "b", kind: "step", parent: "each" },
    { id: "c", kind: "step", parent: "each" },
  ],
  edges: [
    { id: "e1", source: "input", target: "a" },
    { id: "e2", source: "a", target: "each" },
    { id: "e3", source: "each", source_port: "item", target: "b" },
    { id: "e4", source: "b", target: "c" },
    { id: "e5", source: "c", target: "each", target_port: "result" },
  ],
  layout: { input: { x: 0, y: 0 }, a: { x: 100, y: 0 }, each: { x: 200, y: 0, width: 400, height: 200 }, b: { x: 20, y: 40 }, c: { x: 120, y: 40 } },
});
