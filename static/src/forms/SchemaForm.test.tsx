import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Json } from "../contract";
import { SchemaForm } from "./SchemaForm";
import type { Schema } from "./schema";

const drawn = (schema: Schema, value: Record<string, Json> = {}) => renderToStaticMarkup(<SchemaForm schema={schema} value={value} onChange={() => undefined} />);
const count = (html: string, part: string) => html.split(part).length - 1;

const node: Schema = { type: "object", properties: { name: { type: "string" }, child: { $ref: "#/$defs/Node" }, children: { type: "array", items: { $ref: "#/$defs/Node" } } } };
const tree: Schema = { $ref: "#/$defs/Node", $defs: { Node: node } };

test("a form of what holds itself has an end, and what lies deeper can be given as JSON", () => {
  expect(count(drawn(tree), "<textarea")).toBe(1);
  expect(count(drawn({ type: "object", $defs: tree.$defs ?? null, properties: { root: { $ref: "#/$defs/Node" } } }), "<textarea")).toBe(1);
  expect(drawn(tree, { child: { name: "deep", child: { name: "deeper" } } })).toContain("deeper");
});

test("a list of what holds itself shows every level that there is", () => {
  const html = drawn(tree, { name: "a", children: [{ name: "b", children: [{ name: "c" }] }] });
  for (const name of ["a", "b", "c"]) expect(html).toContain(`value="${name}"`);
});

test("values of another shape than the schema says stop no form", () => {
  const schema: Schema = {
    properties: { text: { type: "string" }, many: { type: "array", items: { type: "string" } }, group: { type: "object", properties: { a: { type: "integer" } } }, one: { enum: ["x"] }, on: { type: "boolean" }, constructor: { type: "string" } },
  };
  for (const odd of [null, 7, NaN, "x".repeat(100_000), "\u202e\u0000😀", true, [], [[1]], {}, { a: {} }] as Json[]) {
    expect(() => drawn(schema, { text: odd, many: odd, group: odd, one: odd, on: odd })).not.toThrow();
  }
  expect(drawn(schema)).not.toContain("native code");
});

test("a list of ten thousand is drawn in part", () => {
  const html = drawn({ properties: { many: { type: "array", items: { type: "string" } } } }, { many: Array.from({ length: 10_000 }, (_, index) => `entry ${index}`) });
  expect(html).toContain("Show all 10000");
  expect(count(html, 'value="entry ')).toBe(3);
});

test("a number in an enumeration is the chosen one", () => {
  expect(drawn({ properties: { level: { enum: [1, 2, 3] } } }, { level: 2 })).toContain('<option value="2" selected="">2</option>');
});
