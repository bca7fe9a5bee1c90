import { expect, test } from "vitest";
import { fold } from "./applyEvent";
import { facesOf } from "./facesOf";
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

test("a waiting node waits", () => {
  expect(look(sampleLog(1, "waiting")).nodes.approve?.status).toBe("waiting");
});
