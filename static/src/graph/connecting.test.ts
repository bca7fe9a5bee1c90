import { expect, test } from "vitest";
import { checkConnection } from "./connecting";
import { addNode, connect } from "./edits";
import { sampleGraph, sampleKinds } from "./samples";

const kindOf = (name: string) => {
  const kind = sampleKinds.get(name);
  if (!kind) throw new Error(name);
  return kind;
};
const added = (...names: string[]) => names.reduce((graph, name) => addNode(graph, kindOf(name), { x: 0, y: 0 }).graph, sampleGraph);
const link = (source: string, target: string, source_port = "out", target_port = "in") => ({ source, source_port, target, target_port });

function reason(graph: typeof sampleGraph, connection: ReturnType<typeof link>): string {
  const check = checkConnection(graph, sampleKinds, connection);
  return check.ok ? "" : check.reason;
}

test("an edge into a node without inputs is refused", () => {
  expect(reason(sampleGraph, link("a", "input"))).toContain("takes no input");
});

test("an edge from a port that does not exist is refused by name", () => {
  expect(reason(sampleGraph, link("a", "each", "nowhere"))).toContain('"nowhere"');
});

test("types that differ are refused, and both are named", () => {
  expect(reason(added("count", "words"), link("count", "words"))).toMatch(/number.*text/);
});

test("a port for many values takes any type", () => {
  expect(reason(added("count", "gather"), link("count", "gather"))).toBe("");
});

test("an edge may not cross the border of a map", () => {
  expect(reason(sampleGraph, link("a", "b"))).toContain("border of a map");
  expect(reason(sampleGraph, link("b", "each"))).toContain("border of a map");
});

test("the inner ports of a map lead into its body and out of it", () => {
  expect(reason(sampleGraph, link("each", "c", "item"))).toBe("");
  expect(reason(sampleGraph, link("b", "each", "out", "result"))).toBe("");
});

test("the same edge twice is refused", () => {
  expect(reason(sampleGraph, link("input", "a"))).toContain("already connected");
});

test("an edge that closes a cycle is allowed and gets a limit", () => {
  const result = connect(sampleGraph, sampleKinds, link("c", "b"));
  if ("reason" in result) throw new Error(result.reason);
  expect(result.graph.edges.find((edge) => edge.id === result.id)?.max_iterations).toBe(10);
});

test("the way through a map body is no cycle", () => {
  const result = connect(sampleGraph, sampleKinds, link("b", "each", "out", "result"));
  if ("reason" in result) throw new Error(result.reason);
  expect(result.graph.edges.at(-1)?.max_iterations).toBeNull();
});

test("routes become ports", () => {
  const graph = added("choice");
  expect(reason(graph, link("choice", "a", "yes"))).toBe("");
  expect(reason(graph, link("choice", "a", "maybe"))).toContain("maybe");
});
