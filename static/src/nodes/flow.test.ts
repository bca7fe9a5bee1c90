import { expect, test } from "vitest";
import { completeGraph } from "../graph";
import type { NodeKindSchema } from "../contract";
import { applyFlowChanges, toFlowEdges, toFlowNodes } from "./flow";
import { firstView } from "./viewing";

const kind = (name: string, patch: Partial<NodeKindSchema> = {}): [string, NodeKindSchema] => [
  name,
  {
    name, title: name, summary: "", group: "flow", icon: "circle", version: 1, ports_from: null, container: false, executes: true, defaults: {},
    inputs: [{ name: "in", title: "In", type: "any", many: false, inner: false, modality: null }],
    outputs: [{ name: "out", title: "Out", type: "any", many: false, inner: false, modality: null }],
    params: { properties: { agent: { type: "string", control: "agent" } } },
    ...patch,
  } as NodeKindSchema,
];
const kinds = new Map([kind("step"), kind("each", { container: true }), kind("note", { executes: false })]);
const agent = { name: "Ann", model: "openai/gpt-5-mini", tools: ["a", "b", "c", "d"] };
const graph = completeGraph({
  title: "Sample",
  nodes: [
    { id: "inside", kind: "step", parent: "each" },
    { id: "each", kind: "each" },
    { id: "first", kind: "step", params: { agent: "ann" } },
    { id: "aside", kind: "note" },
    { id: "lost", kind: "of_a_package_that_is_gone" },
  ],
  edges: [{ id: "e", source: "first", target: "each" }],
  agents: { ann: agent },
  layout: { first: { x: 10, y: 20 }, each: { x: 300, y: 0, width: 400, height: 200 } },
} as unknown as Parameters<typeof completeGraph>[0]);

test("containers come before what is inside them, and everything has its face", () => {
  expect(toFlowNodes(graph, kinds, []).map((node) => [node.id, node.type])).toEqual([
    ["each", "container"],
    ["inside", "step"],
    ["first", "step"],
    ["aside", "note"],
    ["lost", "step"],
  ]);
});

test("a step shows its agent, the agent's model and a few of its tools", () => {
  expect(toFlowNodes(graph, kinds, []).find((node) => node.id === "first")?.data.chips).toEqual(["Ann", "openai/gpt-5-mini", "a", "b", "c", "+1"]);
});

test("what did not change keeps its identity, what did gets a new one", () => {
  const before = toFlowNodes(graph, kinds, []);
  const moved = { ...graph, layout: { ...graph.layout, first: { x: 11, y: 20, width: null, height: null } } };
  const after = toFlowNodes(moved, kinds, before);
  expect(after.filter((node, index) => node !== before[index]).map((node) => node.id)).toEqual(["first"]);
  const edges = toFlowEdges(graph, new Set(), []);
  expect(toFlowEdges(graph, new Set(), edges)[0]).toBe(edges[0]);
  expect(toFlowEdges(graph, new Set(["e"]), edges)[0]).toMatchObject({ selected: true, ariaLabel: "From first to each" });
});

test("an agent that got another model shows it", () => {
  const before = toFlowNodes(graph, kinds, []);
  const other = { ...graph, agents: { ann: { ...graph.agents.ann, model: "demo/assistant" } } } as typeof graph;
  const after = toFlowNodes(other, kinds, before);
  expect(after.find((node) => node.id === "first")?.data.chips).toContain("demo/assistant");
});

const many = completeGraph({
  title: "Many",
  nodes: Array.from({ length: 300 }, (_, index) => ({ id: `n${index}`, kind: "step" })),
  layout: Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`n${index}`, { x: index * 300, y: index === 0 ? 90 : 0 }])),
} as unknown as Parameters<typeof completeGraph>[0]);

test("a large graph opens where it begins, readable; a small one opens whole", () => {
  expect(firstView(graph, kinds)).toBeNull();
  const view = firstView(many, kinds);
  expect(view?.zoom).toBeGreaterThanOrEqual(0.5);
  const first = { x: view?.x ?? 0, y: (view?.y ?? 0) + 90 * (view?.zoom ?? 1) };
  expect([first.x > 0 && first.x < 400, first.y > 0 && first.y < 600]).toEqual([true, true]);
});

test("of a large graph the size is guessed until a node was measured", () => {
  const [node] = toFlowNodes(many, kinds, []);
  if (!node) throw new Error("There is a node.");
  expect(node.handles?.map((handle) => handle.id)).toEqual(["in", "out"]);
  const [measured] = applyFlowChanges([{ id: node.id, type: "dimensions", dimensions: { width: 240, height: 90 } }], [node]);
  expect(measured?.handles).toBeUndefined();
  expect(measured?.measured).toEqual({ width: 240, height: 90 });
});
