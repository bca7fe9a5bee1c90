import { expect, test } from "vitest";
import type { Graph, NodeKindSchema } from "../contract";
import { agentAt } from "./agents";
import { fold } from "./applyEvent";
import { golden } from "./golden";
import { besideOf, groupsBetween } from "./groups";
import { NO_FILTER, buildSpans, flatten, indexSpans } from "./spans";

const spans = (name: string, upTo = Infinity) => {
  const log = golden(name);
  return buildSpans(fold((log.present ?? log.events).filter((event) => event.seq <= upTo)), new Map([["help", "Help"]]));
};

test("parts of the work have names that people read", () => {
  expect(groupsBetween("help#1", "help#1/step.2/model.1")).toEqual([{ path: "help#1/step.2", name: "Step 2" }]);
  expect(groupsBetween("help#1", "help#1/fallback/depth.1/from.1/model.1").map((group) => group.name)).toEqual(["Less ambitious task", "Depth 1"]);
  expect(groupsBetween("help#1", "help#1/turn.2.call.0/tool.1")).toEqual([]);
  expect(groupsBetween("help#1", "help#1/constructor/model.1")).toEqual([]);
  expect(besideOf("help#1", "help#1/depth.1/from.2/sample.3/model.1")).toBe("new thoughts 2, sample 3");
});

test("the waterfall shows a plan's parts as rows that hold their calls", () => {
  const rows = flatten(spans("planned_and_told"), new Set(), NO_FILTER).filter((row) => row.path.startsWith("help#1"));
  expect(rows.map((row) => [row.depth, row.sort === "part" ? row.name : row.sort])).toEqual([
    [1, "step"],
    [2, "Plan"],
    [3, "model"],
    [2, "Review before step 1"],
    [3, "human"],
    [2, "Step 1"],
    [3, "model"],
    [2, "Look at the plan after step 1"],
    [3, "model"],
    [2, "Answer"],
    [3, "model"],
  ]);
});

test("a tree's depths hold their calls, each told apart", () => {
  const depth = indexSpans(spans("thought_over")).get("help#1/depth.1");
  expect(depth?.children.map((child) => child.detail)).toEqual(["helper · new thoughts 1", "helper · judgement 1", "helper · judgement 2"]);
  expect([depth?.usage.calls, depth?.status, depth?.node]).toEqual([3, "succeeded", "help"]);
});

test("a part goes on while a call in it does, and waits with it", () => {
  const index = indexSpans(spans("planned_and_told", 9));
  const review = index.get("help#1/review.1");
  expect([review?.status, review?.endUs, review?.waits]).toEqual(["waiting", null, true]);
  expect(index.get("help#1/plan")?.endUs).not.toBeNull();
});

test("the agent of a node is found by the field that is for agents", () => {
  const kinds = new Map([["agent", { params: { properties: { who: { type: "string", control: "agent" } } } } as unknown as NodeKindSchema]]);
  const graph = { nodes: [{ id: "help", kind: "agent", params: { who: "a" } }, { id: "none", kind: "agent", params: { who: "" } }, { id: "odd", kind: "odd", params: {} }], agents: { a: { name: "Ann" } } } as unknown as Graph;
  expect(agentAt(graph, kinds, "help")).toEqual({ id: "a", name: "Ann" });
  for (const node of ["none", "odd", "missing"]) expect(agentAt(graph, kinds, node)).toBeNull();
});
