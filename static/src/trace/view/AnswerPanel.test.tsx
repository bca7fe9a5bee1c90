import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Client, RunRecord } from "../../api";
import type { Graph, Json } from "../../contract";
import { createFaceStore } from "../../nodes";
import { fold } from "../applyEvent";
import { sampleLog } from "../sampleLog";
import type { EffectState } from "../state";
import { TraceContext, createTraceStore } from "../store";
import { AnswerPanel } from "./AnswerPanel";
import { RunContext } from "./RunContext";

const effect = fold(sampleLog(1, "waiting")).effects.get("approve#1/human.1");
if (!effect) throw new Error("The sample asks something.");
const graph = { nodes: [], edges: [] } as unknown as Graph;
const about = { client: {} as Client, kinds: new Map(), record: { id: "1", left_to_others: ["pay"] } as unknown as RunRecord, may: { cancel: true, answer: true } };
const edit = { name: "edit", title: "Send my version", style: "primary" };

function shown(request: Json, patch: Partial<EffectState> = {}, may = about.may): string {
  return renderToStaticMarkup(
    <RunContext value={{ ...about, may }}>
      <TraceContext value={createTraceStore(graph, createFaceStore())}>
        <AnswerPanel effect={{ ...effect as EffectState, request, ...patch }} />
      </TraceContext>
    </RunContext>,
  );
}

const review = (payload: Json, schema: Json = { type: "string" }): Json => ({ mode: "review", title: "Check this", payload, answer_schema: schema, actions: [edit], digest: "d".repeat(64) });

test("a text to review is in the form, once", () => {
  const html = shown(review("Dear <customer>"));
  expect(html.split("Dear &lt;customer&gt;").length - 1).toBe(1);
  expect(html).toContain("Send my version");
});

test("a text that was too big for the log is no text to edit until all of it is there", () => {
  const stored = { $blob: "f00", size: 90_000, preview: "Dear" };
  for (const request of [review(stored), stored, review({ mail: stored }, { type: "object", properties: { mail: { type: "string" } } })]) {
    const html = shown(request);
    expect(html).toContain("Loading all of the question");
    expect(html).not.toMatch(/\$blob|<textarea|<button/);
  }
});

test("fields begin with what the payload has of them, and with nothing that every object has", () => {
  const schema: Json = { type: "object", properties: { town: { type: "string" }, constructor: { type: "string" }, age: { type: "integer" } }, required: ["town", "constructor"] };
  const html = shown(review({ town: "Łódź", age: 7, other: "x" }, schema));
  expect([html.includes('value="Łódź"'), html.includes('value="7"'), html.includes("native code")]).toEqual([true, true, false]);
});

test("a schema that needs itself without end still lets a person answer", () => {
  const html = shown(review({}, { $ref: "#/$defs/A", $defs: { A: { type: "object", properties: { next: { $ref: "#/$defs/A" } }, required: ["next"] } } }));
  expect(html).toContain("Send my version");
});

test.each([null, 7, "text", [], {}, { actions: null, title: null, digest: null, deadline_us: 1e300 }, { mode: "x", payload: "y".repeat(200_000), actions: "none" }] as Json[])("a request of another shape shows what it has: %#", (request) => {
  expect(() => shown(request)).not.toThrow();
});

test("who started the run is told that somebody else must approve a call, and is offered no answer to it", () => {
  const approval = (tool: string): Json => ({ mode: "approval", title: "Approve?", payload: {}, tool, actions: [{ name: "approve", title: "Approve" }], digest: "d".repeat(64) });
  expect(shown(approval("pay"))).toContain("Somebody else must approve it");
  expect(shown(approval("pay"))).not.toContain("Approve</button>");
  expect(shown(approval("look"))).toContain("Approve</button>");
});

test("who may only watch is offered no answer, and an answered question says by whom", () => {
  expect(shown(review("x"), {}, { cancel: false, answer: false })).not.toContain("<button");
  expect(shown(review("x"), { status: "succeeded", by: "casey", result: { action: "edit" } })).toContain("Answered by casey");
});
