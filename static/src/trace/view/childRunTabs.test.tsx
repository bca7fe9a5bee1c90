import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Json } from "../../contract";
import { fold } from "../applyEvent";
import { golden } from "../golden";
import { buildSpans, indexSpans } from "../spans";
import type { EffectState } from "../state";
import { EffectTabs } from "./effectTabs";

const CHILD = "5f0c1f9e-1111-4222-8333-444455556666";
const known = fold(golden("tool_round").events).effects.get("help#1/model.1") as EffectState;
const effect = (kind: string, request: Json, result: Json, more: Partial<EffectState> = {}): EffectState => ({ ...known, path: "help#1/turn.1.call.0/x.1", kind, name: "", request, result, ...more });
const drawn = (one: EffectState) => renderToStaticMarkup(EffectTabs(one)[0]?.content());
const words = (html: string) => html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");

test("a run that was started is shown with its graph, its input and the way to it", () => {
  const html = drawn(effect("start_run", { graph: "sort", input: { text: "Hi" } }, { run: CHILD }));
  expect(html).toContain(`href="/runs/${CHILD}/"`);
  expect(html).toContain('href="/graphs/sort/"');
  expect(html).toContain("Hi");
  expect(words(drawn(effect("start_run", { graph: "sort" }, null, { status: "refused" })))).toContain("Not started");
});

test("a run that is waited for is shown as it ended", () => {
  const done = drawn(effect("run", { run: CHILD }, { run: CHILD, status: "succeeded", output: "Sorted." }));
  for (const part of ["Succeeded", "Sorted.", CHILD]) expect(done).toContain(part);
  const failed = drawn(effect("run", { run: CHILD }, { run: CHILD, status: "failed", output: null, message: "No model.", cure: "Give one." }));
  for (const part of ["Failed", "No model.", "Give one."]) expect(failed).toContain(part);
  expect(failed).not.toContain("What it gave");
  expect(words(drawn(effect("run", { run: CHILD }, null, { status: "waiting", endedUs: null })))).toContain("this run waits for it");
  expect(drawn(effect("run", { run: CHILD }, { run: CHILD, status: "constructor" }))).not.toContain("badge");
});

test("another run and memories have a kind and a name of their own among the spans", () => {
  const state = fold(golden("summarised").events);
  state.effects.set("help#1/start_run.1", effect("start_run", { graph: "sort" }, { run: CHILD }, { path: "help#1/start_run.1" }));
  state.effects.set("help#1/start_run.1/end", effect("run", { run: CHILD }, null, { path: "help#1/start_run.1/end", waits: true, status: "waiting", endedUs: null }));
  const spans = indexSpans(buildSpans(state, new Map()));
  const of = (path: string) => [spans.get(path)?.sort, spans.get(path)?.name, spans.get(path)?.waits];
  expect(of("help#1/start_run.1")).toEqual(["child", "Start sort", false]);
  expect(of("help#1/start_run.1/end")).toEqual(["child", "Wait for that run", true]);
  expect(of("help#1/recall.1")).toEqual(["memory", "Recall from shared", false]);
});
