import { expect, test } from "vitest";
import type { Graph } from "../contract";
import { copyNodes, paste, readClip, writeClip } from "./clipboard";
import { completeGraph } from "./document";
import { addNode, removeNodes, reparent, updateNode, updateNodeAndPorts } from "./edits";
import { record, redo, startHistory, undo } from "./history";
import { boundsOf, placeOf, tidy } from "./layout";
import { outputPorts } from "./ports";
import { sampleGraph, sampleKinds } from "./samples";

const ids = (graph: Graph) => graph.nodes.map((node) => node.id);
const choice = sampleKinds.get("choice");
if (!choice) throw new Error("choice");

test("an empty document is completed with every default", () => {
  expect(completeGraph({ nodes: [{ id: "a", kind: "step", retry: { attempts: 3, initial_s: 1, factor: 2, max_s: 60 } }] }).nodes[0]).toMatchObject({
    on_error: "fail",
    parent: null,
    firing: { rule: "all", count: 1 },
    retry: { attempts: 3, factor: 2 },
  });
});

test("a new node gets a free id, its kind's defaults and a place", () => {
  const first = addNode(sampleGraph, choice, { x: 5, y: 6 });
  const second = addNode(first.graph, choice, { x: 7, y: 8 });
  expect([first.id, second.id]).toEqual(["choice", "choice_2"]);
  expect(second.graph.layout.choice_2).toMatchObject({ x: 7, y: 8 });
  expect(second.graph.nodes.at(-1)?.params).toEqual(choice.defaults);
  expect(second.graph.nodes.at(-1)?.params).not.toBe(choice.defaults);
});

test("removing a map removes its body and all edges of both", () => {
  const graph = removeNodes(sampleGraph, ["each"]);
  expect(ids(graph)).toEqual(["input", "a"]);
  expect(graph.edges.map((edge) => edge.id)).toEqual(["e1"]);
  expect(Object.keys(graph.layout)).toEqual(["input", "a"]);
});

test("moving a node out of a map cuts the edges that would cross the border", () => {
  const graph = reparent(sampleGraph, sampleKinds, "c", null, { x: 1, y: 2 });
  expect(graph.edges.map((edge) => edge.id)).toEqual(["e1", "e2", "e3"]);
  expect(graph.nodes.find((node) => node.id === "c")?.parent).toBeNull();
});

test("a container cannot be moved into its own body", () => {
  expect(reparent(sampleGraph, sampleKinds, "each", "b", { x: 0, y: 0 })).toBe(sampleGraph);
});

test("an edit leaves the document it came from alone", () => {
  const before = structuredClone(sampleGraph);
  updateNode(sampleGraph, "a", { title: "changed" });
  removeNodes(sampleGraph, ["a"]);
  expect(sampleGraph).toEqual(before);
});

test("taking a route away takes its edges away", () => {
  const { graph, id } = addNode(sampleGraph, choice, { x: 0, y: 0 });
  const joined = { ...graph, edges: [...graph.edges, { ...(graph.edges[0] as Graph["edges"][number]), id: "r", source: id, source_port: "no", target: "a" }] };
  const cut = updateNodeAndPorts(joined, sampleKinds, id, { params: { routes: [{ name: "yes" }] } });
  expect(cut.edges.some((edge) => edge.id === "r")).toBe(false);
});

test("the error port is there when errors leave by it", () => {
  const node = { params: {}, on_error: "port" as const };
  expect(outputPorts(node, choice).map((port) => port.name)).toEqual(["yes", "no", "error"]);
});

test("a pasted map brings its body and inner edges under fresh ids", () => {
  const { graph, ids: pasted } = paste(sampleGraph, copyNodes(sampleGraph, ["each"]), { x: 40, y: 40 });
  expect(pasted).toEqual(["each_2"]);
  expect(ids(graph).slice(5)).toEqual(["each_2", "b_2", "c_2"]);
  expect(graph.nodes.find((node) => node.id === "b_2")?.parent).toBe("each_2");
  expect(graph.edges.slice(5).map((edge) => [edge.source, edge.target])).toEqual([
    ["each_2", "b_2"],
    ["b_2", "c_2"],
    ["c_2", "each_2"],
  ]);
  expect(graph.layout.each_2).toMatchObject({ x: 240, y: 40 });
  expect(graph.layout.b_2).toMatchObject({ x: 20, y: 40 });
  expect(new Set(graph.edges.map((edge) => edge.id)).size).toBe(graph.edges.length);
});

test("a node pasted beside itself stays in its map", () => {
  const { graph, ids: pasted } = paste(sampleGraph, copyNodes(sampleGraph, ["b"]), { x: 40, y: 40 });
  expect(pasted).toEqual(["b_2"]);
  expect(graph.nodes.at(-1)?.parent).toBe("each");
});

test("a clip survives the system clipboard, and other text is no clip", () => {
  const clip = copyNodes(sampleGraph, ["a"]);
  expect(readClip(writeClip(clip))).toEqual(clip);
  expect(readClip("hello")).toBeNull();
  expect(readClip("{}")).toBeNull();
});

test("undo and redo walk through every edit", () => {
  let history = startHistory("a");
  history = record(history, "b", 0);
  history = record(history, "c", 10);
  expect(undo(undo(history)).present).toBe("a");
  expect(redo(undo(history)).present).toBe("c");
  expect(undo(undo(undo(history))).present).toBe("a");
  expect(record(undo(history), "d", 20).future).toEqual([]);
});

test("typing in one field is one step, until a pause", () => {
  let history = startHistory("");
  history = record(history, "h", 0, "title");
  history = record(history, "hi", 300, "title");
  expect(undo(history).present).toBe("");
  history = record(history, "hi!", 5_000, "title");
  expect(undo(history).present).toBe("hi");
  expect(undo(record(history, "x", 5_100, "other")).present).toBe("hi!");
});

test("tidying up puts every step right of what leads to it, inside its container", () => {
  const layout = tidy(sampleGraph, sampleKinds);
  const x = (id: string) => layout[id]?.x ?? Number.NaN;
  expect(x("a")).toBeGreaterThan(x("input"));
  expect(x("each")).toBeGreaterThan(x("a"));
  expect(x("c")).toBeGreaterThan(x("b"));
  expect(layout.each?.width).toBeGreaterThan(x("c") + 232);
  expect(layout.b?.y).toBeGreaterThanOrEqual(56);
});

test("tidying up survives a cycle and leaves notes alone", () => {
  const looped = completeGraph({
    nodes: [{ id: "a", kind: "step" }, { id: "b", kind: "step" }, { id: "n", kind: "note" }],
    edges: [{ id: "1", source: "a", target: "b" }, { id: "2", source: "b", target: "a" }],
    layout: { n: { x: -77, y: -77 } },
  });
  expect(tidy(looped, sampleKinds).n).toMatchObject({ x: -77, y: -77 });
});

test("a node inside a map is where the map is, and a bit further", () => {
  expect(placeOf(sampleGraph, "b")).toEqual({ x: 220, y: 40 });
  expect(boundsOf(sampleGraph, sampleKinds)).toEqual({ x: 0, y: 0, width: 600, height: 200 });
});

test("a condition gets room between its nodes", () => {
  const told = { ...sampleGraph, edges: sampleGraph.edges.map((edge) => (edge.id === "e4" ? { ...edge, condition: "output.confidence > 0.4" } : edge)) };
  const gap = (graph: Graph) => (tidy(graph, sampleKinds).c?.x ?? 0) - (tidy(graph, sampleKinds).b?.x ?? 0);
  expect(gap(told)).toBeGreaterThan(gap(sampleGraph) + 80);
});
