import { expect, test } from "vitest";
import { fold } from "./applyEvent";
import { facesOf } from "./facesOf";
import { golden } from "./golden";
import { ORIGIN_US, sampleLog } from "./sampleLog";
import { buildSpans, indexSpans } from "./spans";

const look = (events: ReturnType<typeof sampleLog>, atUs: number | null = null, item: string | null = null) => {
  const state = fold(events);
  return facesOf(state, indexSpans(buildSpans(state, new Map())), { atUs, item, nowUs: state.lastUs });
};

test("nodes inside a map show how many items they have done", () => {
  const faces = look(sampleLog(5));
  expect(faces.nodes.classify).toMatchObject({ status: "succeeded", tokens: 800, counts: { total: null, succeeded: 5 } });
  expect(faces.nodes.triage?.counts).toMatchObject({ total: 5, succeeded: 5 });
  expect(faces.edges.classify_next).toBe(5);
});

test("one chosen item shows its own figures", () => {
  const faces = look(sampleLog(5), null, "triage#1/item.3");
  expect(faces.nodes.classify).toMatchObject({ tokens: 160, counts: null });
  expect(faces.nodes.tickets?.status).toBe("succeeded");
});

test("as of an early moment, later nodes have not begun", () => {
  const faces = look(sampleLog(2), ORIGIN_US + 10_000);
  expect(faces.nodes.triage?.status).toBe("running");
  expect(faces.nodes.approve?.status).toBe("idle");
});

test("while a step is tried again the cursor finds it failed, then running, then done", () => {
  const { events } = golden("retried_then_succeeded");
  const at = (type: string, attempt = 1) => events.filter((event) => event.type === type && "node" in event && event.node === "call")[attempt - 1]?.at_us ?? 0;
  const seen = [at("node_started"), at("node_retrying"), at("node_started", 2), at("node_finished")].map((us) => look(events, us).nodes.call?.status);
  expect(seen).toEqual(["running", "failed", "running", "succeeded"]);
});

test("edges light up when the step they leave has ended, not before", () => {
  const { events } = golden("looped");
  const rounds = events.filter((event) => event.type === "node_finished" && event.node === "count");
  const taken = rounds.map((event) => look(events, event.at_us).edges["count-count"] ?? 0);
  expect(taken).toEqual([1, 2, 3, 3]);
  expect(look(events, (rounds[0]?.at_us ?? 0) - 1).edges["count-count"]).toBeUndefined();
});

test("items that failed, wait and were cut off are counted apart", () => {
  const { events } = golden("item_cut_off");
  expect(look(events).nodes.each?.counts).toMatchObject({ total: 11, succeeded: 9, failed: 1, waiting: 1 });
});

test("a waiting node waits", () => {
  expect(look(sampleLog(1, "waiting")).nodes.approve?.status).toBe("waiting");
});
