import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Graph, RunEvent } from "../contract";
import { createFaceStore } from "../nodes";
import { golden } from "./golden";
import { ORIGIN_US, sampleLog } from "./sampleLog";
import { continued, createTraceStore } from "./store";

const graph = { nodes: [{ id: "triage", title: "Triage" }], edges: [] } as unknown as Graph;
const open = (events: readonly RunEvent[] = []) => {
  const faces = createFaceStore();
  const store = createTraceStore(graph, faces);
  if (events.length > 0) {
    store.take(events);
    store.loaded();
  }
  return { store, faces };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("events that come close together are folded at once, each only once", () => {
  const { store } = open();
  const events = sampleLog(2);
  let changes = 0;
  store.subscribe((now, before) => (changes += Number(now.revision !== before.revision)));
  store.take(events.slice(0, 5));
  store.take(events.slice(3));
  expect(store.getState().run.lastSeq).toBe(0);
  vi.runAllTimers();
  expect([changes, store.getState().run.lastSeq, store.getState().events.length]).toEqual([1, events.length, events.length]);
});

test("a run that waits opens at its question, a failed one at what went wrong, any other at itself", () => {
  expect(open(sampleLog(2, "waiting")).store.getState().selected).toBe("approve#1/human.1");
  expect(open(sampleLog(1, "failed")).store.getState().selected).toBe("approve#1/model.1");
  expect(open(sampleLog(1)).store.getState().selected).toBe("");
});

test("many items open folded, save the one that leads to what is selected", () => {
  const { store } = open(sampleLog(9));
  expect(store.getState().collapsed.has("triage#1/item.3")).toBe(true);
  store.show("triage#1/item.3/classify#1/model.1");
  expect([store.getState().collapsed.has("triage#1/item.3"), store.getState().collapsed.has("triage#1/item.4")]).toEqual([false, true]);
});

test("the canvas shows the moment that the cursor is at, and the present again without it", () => {
  const { store, faces } = open(sampleLog(2));
  expect(faces.getState().nodes.approve?.status).toBe("succeeded");
  store.setState({ cursorUs: ORIGIN_US + 10_000 });
  expect([faces.getState().nodes.triage?.status, faces.getState().nodes.approve?.status]).toEqual(["running", "idle"]);
  store.setState({ cursorUs: null });
  expect(faces.getState().nodes.approve?.status).toBe("succeeded");
});

test("streamed text grows, begins again after a failed attempt, and goes when the call has ended", () => {
  const { store } = open();
  const events = sampleLog(1);
  const ended = events.findIndex((event) => event.type === "effect_finished");
  const path = "triage#1/item.0/classify#1/model.1";
  store.take(events.slice(0, ended));
  vi.runAllTimers();
  for (const text of ["I th", "ink", "\f", "It is"]) store.stream([{ path, text }]);
  expect(store.getState().streams[path]).toBe("It is");
  store.take(events.slice(ended, ended + 1));
  vi.runAllTimers();
  expect(store.getState().streams).toEqual({});
});

test("only what follows the last form feed counts", () => {
  expect(continued("ab", "c\fd\fe")).toBe("e");
  expect(continued("ab", "c\f")).toBe("");
});

test("a call that failed twice shows all that it cost, on itself and on the run", () => {
  const { store } = open(golden("failed_attempts").events);
  const { index, root } = store.getState();
  expect(index.get("help#1/model.1")?.usage).toMatchObject({ calls: 2, input_tokens: 17, output_tokens: 13 });
  expect(root.usage).toMatchObject({ calls: 2, cost_nano_usd: 21 });
});

test("a call that another worker begins again does not repeat what the first one had said", () => {
  const { store } = open();
  const path = "triage#1/item.0/classify#1/model.1";
  const events = sampleLog(1);
  const at = events.findIndex((event) => event.type === "effect_started" && event.path === path);
  const started = events[at];
  if (started?.type !== "effect_started") throw new Error("It is begun.");
  store.take(events.slice(0, at + 1));
  store.stream([{ path, text: "It was th" }]);
  store.take([{ ...started, seq: started.seq + 1, retried: true }]);
  store.stream([{ path, text: "It was" }]);
  vi.runAllTimers();
  expect(store.getState().streams[path]).toBe("It was");
});
