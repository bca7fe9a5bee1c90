import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Json } from "../../contract";
import { fold } from "../applyEvent";
import { golden } from "../golden";
import type { EffectState } from "../state";
import { Attempts } from "./Attempts";
import { EffectTabs } from "./effectTabs";

function effectOf(log: string, path: string): EffectState {
  const effect = fold(golden(log).events).effects.get(path);
  if (!effect) throw new Error(`${log} has no effect ${path}.`);
  return effect;
}

const shown = (effect: EffectState, tab: string) => renderToStaticMarkup(EffectTabs(effect).find((one) => one.id === tab)?.content());

test("the words of each message are read as text, whatever they hold", () => {
  const effect = effectOf("tool_round", "help#1/model.2");
  const html = shown(effect, "messages");
  for (const words of ["Be brief.", "task", "note({})", "noted"]) expect(html).toContain(words);
  expect(shown({ ...effect, request: { model: "m", messages: [{ role: "user", content: [{ type: "text", text: "<b>1</b>" }] }] } }, "messages")).toContain("&lt;b&gt;1&lt;/b&gt;");
});

test("a part of another type, and a big value that was taken out, are shown as they were recorded", () => {
  const parts: Json[] = [[{ type: "image", url: "cat.png" }], [{ type: "text", text: { $blob: "f00", size: 20_000, preview: "Once" } }], { $blob: "f00", size: 20_000, preview: "Once" }];
  for (const content of parts) {
    const html = shown({ ...effectOf("tool_round", "help#1/model.1"), request: { model: "m", messages: [{ role: "user", content }] } }, "messages");
    expect(html).toMatch(/cat\.png|Once/);
  }
});

test("each failed attempt is listed with its reason, its cost and the wait after it", () => {
  const html = renderToStaticMarkup(<Attempts effect={effectOf("failed_attempts", "help#1/model.1")} />).replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
  expect(html).toContain("The provider answered 429. model_rate_limited No tokens · tried again after 500 ms");
  expect(html).toContain("The answer broke off. model_stream_cut At most 7 in, 3 out · tried again after 1.25 s");
});
