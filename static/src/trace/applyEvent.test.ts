import { expect, test } from "vitest";
import type { RunEvent } from "../contract";
import { applyEvent, fold } from "./applyEvent";
import { goldenLogs } from "./golden";
import { sampleLog } from "./sampleLog";
import { emptyState } from "./state";
import { wholeState } from "./wholeState";

test.each(goldenLogs)("%s folds to all that the engine folded it to", (_, log) => {
  expect(wholeState(fold(log.present ?? log.events))).toEqual(log.state);
});

test("a finished run has its output, its usage and every step", () => {
  const state = fold(sampleLog(3));
  expect(state.status).toBe("succeeded");
  expect(state.usage).toMatchObject({ calls: 3, input_tokens: 360, cost_nano_usd: 183_000 });
  expect(["classify", "lookup"].map((node) => state.steps.get(`triage#1/item.2/${node}#1`)?.status)).toEqual(["succeeded", "succeeded"]);
  expect(state.edgesTaken.get("classify_next")).toBe(3);
  expect(state.output).toMatchObject({ rows: [{ id: 0 }, { id: 1 }, { id: 2 }] });
});

test("an open wait makes its step and the run wait", () => {
  const state = fold(sampleLog(2, "waiting"));
  expect(state.status).toBe("waiting");
  expect(state.steps.get("approve#1")?.status).toBe("waiting");
  expect(state.effects.get("approve#1/human.1")?.status).toBe("waiting");
  expect(state.rests.at(-1)?.toUs).toBeNull();
});

test("a wait inside a map marks the item and the map", () => {
  const state = fold(sampleLog(1, "running"));
  const wait: RunEvent = {
    ...(sampleLog(1, "waiting").find((event) => event.type === "effect_started" && event.kind === "human") as Extract<RunEvent, { type: "effect_started" }>),
    seq: state.lastSeq + 2,
    path: "triage#1/item.0/ask#1/human.1",
  };
  applyEvent(state, { v: 1, type: "node_started", seq: state.lastSeq + 1, at_us: 1, path: "triage#1/item.0/ask#1", scope: "triage#1/item.0", node: "ask", activation: 1, attempt: 1, inputs: {} });
  applyEvent(state, wait);
  expect([state.steps.get("triage#1/item.0/ask#1")?.status, state.scopes.get("triage#1/item.0")?.status, state.steps.get("triage#1")?.status]).toEqual([
    "waiting",
    "waiting",
    "waiting",
  ]);
  applyEvent(state, { v: 1, type: "effect_finished", seq: state.lastSeq + 1, at_us: 2, path: wait.path, result: null, usage: null, by: "demo", by_id: "" });
  expect(state.steps.get("triage#1")?.status).toBe("running");
});

test("a retried step keeps every attempt with its error", () => {
  const state = fold(sampleLog(1, "failed"));
  const step = state.steps.get("approve#1");
  expect(step?.attempts.map((attempt) => [attempt.path, attempt.status])).toEqual([
    ["approve#1", "failed"],
    ["approve#1~2", "failed"],
  ]);
  expect(state.error?.code).toBe("model_rate_limited");
});

test("an event that is known already changes nothing", () => {
  const events = sampleLog(2);
  const state = fold(events);
  const before = wholeState(state);
  events.forEach((event) => applyEvent(state, event));
  expect(wholeState(state)).toEqual(before);
});

test("an effect that was begun again by another worker runs again", () => {
  const state = emptyState();
  const start = sampleLog(1).find((event) => event.type === "effect_started") as Extract<RunEvent, { type: "effect_started" }>;
  applyEvent(state, { ...start, seq: 1 });
  applyEvent(state, { ...start, seq: 2, retried: true });
  expect(state.effects.get(start.path)).toMatchObject({ status: "running", attempts: 2 });
  applyEvent(state, { v: 1, type: "effect_unknown", seq: 3, at_us: 9, path: start.path });
  expect(state.effects.get(start.path)?.status).toBe("unknown");
});
