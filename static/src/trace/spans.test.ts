import { expect, test } from "vitest";
import { fold } from "./applyEvent";
import { golden } from "./golden";
import { sampleLog } from "./sampleLog";
import { NO_FILTER, buildSpans, flatten, indexSpans, leafmostError } from "./spans";

function tree(name: string) {
  const log = golden(name);
  const root = buildSpans(fold(log.present ?? log.events), new Map());
  return { root, index: indexSpans(root) };
}

const titles = new Map([["classify", "Classify"]]);
const none = new Set<string>();

test("spans nest by path: map, item, step, call", () => {
  const root = buildSpans(fold(sampleLog(2)), titles);
  const rows = flatten(root, none, NO_FILTER).slice(0, 6);
  expect(rows.map((row) => [row.depth, row.name])).toEqual([
    [0, "Run"],
    [1, "tickets"],
    [1, "triage"],
    [2, "Ticket 0"],
    [3, "Classify"],
    [4, "demo/lexical"],
  ]);
});

test("tokens and money add up towards the run", () => {
  const root = buildSpans(fold(sampleLog(4)), titles);
  expect(root.usage).toMatchObject({ calls: 4, cost_nano_usd: 244_000 });
  expect(indexSpans(root).get("triage#1/item.1")?.usage.calls).toBe(1);
});

test("a collapsed span hides what is below it", () => {
  const root = buildSpans(fold(sampleLog(2)), titles);
  expect(flatten(root, new Set(["triage#1"]), NO_FILTER).map((row) => row.path)).not.toContain("triage#1/item.0");
});

test("a search keeps what matches and the branches that lead there", () => {
  const root = buildSpans(fold(sampleLog(3)), titles);
  const rows = flatten(root, none, { ...NO_FILTER, text: "item.2/lookup", sorts: new Set(["tool"]) });
  expect(rows.map((row) => row.path)).toEqual(["", "triage#1", "triage#1/item.2", "triage#1/item.2/lookup#1", "triage#1/item.2/lookup#1/tool.1"]);
});

test("a failed run leads to the deepest error, not to its echo", () => {
  const root = buildSpans(fold(sampleLog(1, "failed")), titles);
  expect(leafmostError(root)?.path).toBe("approve#1/model.1");
});

test("what still ran when the run ended was cut off with it", () => {
  const events = sampleLog(1, "running");
  const last = events.at(-1);
  const state = fold([...events, { v: 1, type: "run_cancelled", seq: events.length + 1, at_us: (last?.at_us ?? 0) + 5, by: "demo", reason: "" }]);
  const item = indexSpans(buildSpans(state, titles)).get("triage#1/item.0");
  expect([item?.status, item?.endUs]).toEqual(["cancelled", state.endedUs]);
});

test("each attempt of a step is a span of its own, with the error that ended it", () => {
  const { root, index } = tree("retried_then_succeeded");
  const attempts = root.children.filter((span) => span.node === "call");
  expect(attempts.map((span) => [span.path, span.status, span.detail, span.error?.code ?? null])).toEqual([
    ["call#1", "failed", "", "tool_failed"],
    ["call#1~2", "succeeded", "attempt 2", null],
  ]);
  expect(index.get("call#1~2/tool.1")?.parent?.path).toBe("call#1~2");
});

test("what waits for a person or a time is told apart from work, whatever its kind", () => {
  const waits = (name: string) => [...tree(name).index.values()].filter((span) => span.waits).map((span) => span.path);
  expect(waits("slept")).toEqual(["w#1/timer.1"]);
  expect(waits("answered")).toEqual(["ask#1/human.1"]);
  expect(waits("tool_round")).toEqual([]);
});

test("an item without a name of its own goes by its number", () => {
  const { index } = tree("failed_item");
  expect([0, 1, 2].map((item) => index.get(`each#1/item.${item}`)?.name)).toEqual(["item 0", "item 1", "item 2"]);
});

test("spans of maps in maps nest in their items", () => {
  const { index } = tree("earlier/0/nested_maps_waiting");
  const chain: string[] = [];
  for (let span = index.get("each#1/item.1/inner#1/item.0/ask#1/human.1"); span; span = span.parent ?? undefined) chain.push(span.sort);
  expect(chain).toEqual(["human", "step", "item", "step", "item", "step", "run"]);
});

test("a log of two thousand nodes is more than ten thousand spans", () => {
  const rows = flatten(buildSpans(fold(sampleLog(2_000)), titles), none, NO_FILTER);
  expect(rows.length).toBeGreaterThan(10_000);
});
