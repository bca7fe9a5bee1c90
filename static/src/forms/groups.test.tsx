import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Json } from "../contract";
import { SchemaForm } from "./SchemaForm";
import { mattering, partOf, wordOf, type Schema } from "./schema";

const memory: Schema = {
  type: "object",
  properties: {
    short: {
      type: "object",
      title: "Short",
      description: "In one sentence.\n\nFor programmers.",
      properties: {
        keep: { enum: ["all", "last"], type: "string", default: "all", labels: { all: "Everything" } },
        last: { type: "integer", default: 40, unit: "messages", when: { keep: ["last"] } },
        overflow: { enum: ["drop", "sum"], type: "string", default: "drop", when: { keep: ["last"] } },
        model: { type: "string", default: "", when: { overflow: ["sum"] } },
      },
    },
    long: {
      type: "object",
      title: "Remember",
      switch: "on",
      properties: { on: { type: "boolean", default: false }, space: { type: "string", default: "shared" }, rules: { $ref: "#/$defs/Rules", title: "Rules" } },
    },
    embedding: { type: "string", default: "local", examples: ["local", "far"], when: { "long.on": [true] } },
  },
  $defs: {
    Rules: { type: "object", fold: true, properties: { by: { enum: ["x", "y"], type: "string", default: "x", labels: { x: "Likeness" } }, k: { type: "integer", default: 5, unit: "memories" }, age: { anyOf: [{ type: "number" }, { type: "null" }], default: null, empty: "For ever" } } },
  },
};
const drawn = (value: Record<string, Json>, problems?: Map<string, string[]>) => renderToStaticMarkup(<SchemaForm schema={memory} value={value} problems={problems} onChange={() => undefined} />);
const names = (value: Record<string, Json>) => mattering(partOf(memory, "short"), memory, value).map((field) => field.name);

test("a field that does not matter is not shown, nor what hangs on it", () => {
  expect(names({})).toEqual(["keep"]);
  expect(names({ keep: "last" })).toEqual(["keep", "last", "overflow"]);
  expect(names({ keep: "last", overflow: "sum" })).toEqual(["keep", "last", "overflow", "model"]);
  expect(names({ keep: "all", overflow: "sum" })).toEqual(["keep"]);
});

test("a condition that makes no sense hides nothing for ever and stops no form", () => {
  const around: Schema = { properties: { a: { type: "string", when: { b: ["x"] } }, b: { type: "string", when: { a: ["x"] } }, c: { type: "string", when: "always" }, d: { type: "string", when: { "c.d.e": "x" } } } };
  expect(mattering(around, around, { a: "x", b: "x" }).map((field) => field.name)).toEqual(["a", "b", "c"]);
  expect(() => mattering(around, around, { c: [] })).not.toThrow();
});

test("a group with a switch is nothing but the switch until it is on", () => {
  expect(drawn({})).not.toContain("Space");
  expect(drawn({})).not.toContain("Embedding");
  const on = drawn({ long: { on: true } });
  for (const part of ['aria-checked="true"', "Space", "Rules", "Likeness · 5 memories · For ever", "Embedding", '<option value="far">']) expect(on).toContain(part);
  expect(on.match(/role="switch"/g)).toHaveLength(1);
});

test("what is folded away opens by itself when something in it is wrong", () => {
  expect(drawn({ long: { on: true } })).not.toContain("<details class=\"form-fold\" open");
  expect(drawn({ long: { on: true } }, new Map([["long.rules.k", ["Too many."]]]))).toContain("<details class=\"form-fold\" open");
});

test("units, words and defaults are told; what is for programmers is not", () => {
  const html = drawn({ short: { keep: "last", last: 7 } });
  for (const part of ["messages", "By default: 40", "By default: Everything", "In one sentence."]) expect(html).toContain(part);
  expect(html).not.toContain("For programmers");
  expect([wordOf({ labels: { a: "Ay" } }, "a"), wordOf({ labels: [] }, "b_c"), wordOf({ labels: { a: 1 } }, "constructor")]).toEqual(["Ay", "B c", "Constructor"]);
});

test("names with expressions are a list of both", () => {
  const schema: Schema = { properties: { writes: { type: "object", control: "expression-map" } } };
  const html = renderToStaticMarkup(<SchemaForm schema={schema} value={{ writes: { seen: "output.id" } }} onChange={() => undefined} />);
  for (const part of ['value="seen"', 'value="output.id"', "Remove seen"]) expect(html).toContain(part);
  for (const odd of [null, [], 7, { a: 1 }] as Json[]) expect(() => renderToStaticMarkup(<SchemaForm schema={schema} value={{ writes: odd }} onChange={() => undefined} />)).not.toThrow();
});
