import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Json, RecalledMemory } from "../../contract";
import { fold } from "../applyEvent";
import { golden } from "../golden";
import type { EffectState } from "../state";
import { createTraceStore, TraceContext } from "../store";
import { createFaceStore } from "../../nodes";
import { completeGraph } from "../../graph";
import { originOf } from "../summaries";
import { EffectTabs } from "./effectTabs";
import { Summaries } from "./Summaries";

const log = golden("summarised");
const run = fold(log.present ?? log.events);

function effectAt(path: string): EffectState {
  const effect = run.effects.get(path);
  if (!effect) throw new Error(`There is no effect ${path}.`);
  return effect;
}

const recall = effectAt("help#1/recall.1");
const remember = effectAt("help#1/memory.1/remember.1");
const words = (html: string) => html.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
const drawn = (effect: EffectState, tab: string) => renderToStaticMarkup(EffectTabs(effect).find((one) => one.id === tab)?.content());

const fox: Partial<RecalledMemory> = {
  id: "12",
  text: "Foxes are <b>red</b>.",
  score: 0.4312,
  similarity: 0.8625,
  kept_us: 1_700_000_000_000_000 - 86_400_000_000,
  source: { run: "5f0c1f9e-1111-4222-8333-444455556666", path: "help#1/memory.1", agent: "Helper", graph: "zoo", person: "Ann" },
};

test("what was recalled is shown with its score, its likeness, its age and where it is from", () => {
  const html = drawn({ ...recall, result: [fox as unknown as Json] }, "recalled");
  expect(html).toContain("Foxes are &lt;b&gt;red&lt;/b&gt;.");
  expect(html).toContain("width:43.1");
  expect(words(html)).toContain("Score 0.43 similarity 0.86");
  expect(words(html)).toContain("Helper in zoo, kept yesterday · for Ann · The run it came from · The memory");
  expect(html).toContain('href="/runs/5f0c1f9e-1111-4222-8333-444455556666/#span=help%231%2Fmemory.1"');
  expect(html).toContain('href="/memory/12/"');
});

test("a memory of which the log left out what is at its default leads nowhere and stops nothing", () => {
  const html = drawn({ ...recall, result: [{ id: "abc", text: "Bare.", score: 0, similarity: 0 }] }, "recalled");
  expect(words(html)).toContain("Somebody");
  expect(html).not.toContain("/memory/abc");
  expect(html).not.toContain("The run it came from");
});

test("nothing that fits, a search that failed and one that goes on are told apart", () => {
  expect(words(drawn(recall, "recalled"))).toContain("Nothing in shared fits well enough");
  expect(words(drawn({ ...recall, status: "failed" }, "recalled"))).toContain("went on without");
  expect(words(drawn({ ...recall, status: "running" }, "recalled"))).toContain("Looking");
  expect(drawn({ ...recall, result: { $blob: "f00", size: 90_000, preview: "Many" } }, "recalled")).toContain("Many");
  expect(drawn({ ...recall, result: [{ ...fox, text: { $blob: "f00", size: 90_000, preview: "Long" } } as unknown as Json] }, "recalled")).toContain("Long");
});

test("the question is shown with the rules that stood at their defaults", () => {
  const html = words(drawn(recall, "asked"));
  for (const part of ["task", "shared · notes", "likeness to the question", "5 memories, scored 0.1 or more", "local/ngrams-256"]) expect(html).toContain(part);
  const newer = words(drawn({ ...recall, request: { space: "shared", kind: "episode", text: "task", embedding: "e", retrieval: { strategy: "recency", k: 1 } } }, "asked"));
  for (const part of ["how work went", "newer ones first", "1 memory,", "30 days"]) expect(newer).toContain(part);
});

test("what was kept is shown with what looked sensitive and what was forgotten for it", () => {
  expect(words(drawn(remember, "kept"))).toContain("Asked: task Answered: done");
  const risky = { ...remember, request: { space: "shared", kind: "note", text: "Card 4111", embedding: "e", sensitive: ["a card number"], retention: { max_count: 9, max_age_days: 1 } }, result: { id: "7", forgotten: 2 } };
  const html = drawn(risky, "kept");
  for (const part of ["a card number", "for 1 day, among the last 9", "2 older memories"]) expect(words(html)).toContain(part);
  expect(html).toContain('href="/memory/7/"');
});

const summary = run.notes.find((note) => note.type === "summarised");

test("a summary leads to what it stands for and to the call that made it", () => {
  if (summary?.type !== "summarised") throw new Error("The log has no summary.");
  expect(originOf(summary, run)?.path).toBe("help#1/model.3");
  const store = createTraceStore(completeGraph({}), createFaceStore());
  const html = words(renderToStaticMarkup(<TraceContext value={store}><Summaries of={[summary]} run={run} /></TraceContext>));
  for (const part of ["2 messages", "66 tokens, now 3", "Noted once.", "[result of note] a long note", "this model call"]) expect(html).toContain(part);
  expect(originOf({ ...summary, text: "Something else." }, run)).toBeNull();
});
