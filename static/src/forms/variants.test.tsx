import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Json } from "../contract";
import { SchemaForm } from "./SchemaForm";
import { asVariant, controlOf, tagOf, variantsOf, withFields, type Schema } from "./schema";

const kind = (value: string, properties: Schema, more: Schema = {}): Schema => ({ type: "object", properties: { type: { const: value, default: value, type: "string" }, ...properties }, ...more });
const union: Schema = {
  discriminator: { propertyName: "type", mapping: {} },
  oneOf: [{ $ref: "#/$defs/None" }, { $ref: "#/$defs/Plan" }, { $ref: "#/$defs/Tree" }],
  title: "How",
};
const root: Schema = {
  type: "object",
  properties: { how: union, name: { type: "string" } },
  $defs: {
    None: kind("none", {}, { title: "Nothing", description: "It does it.\n\nMore for programmers." }),
    Plan: kind("plan", { most: { type: "integer", default: 8, minimum: 1 }, words: { type: "string", default: "" } }),
    Tree: kind("tree", { most: { type: "integer", default: 3 }, words: { type: "boolean", default: false }, deep: { type: "integer", default: 2 } }),
  },
};
const variants = variantsOf(union, root);
const variant = (value: string) => {
  const found = variants.find((one) => one.value === value);
  if (!found) throw new Error(value);
  return found;
};
const drawn = (value: Record<string, Json>) => renderToStaticMarkup(<SchemaForm schema={root} value={value} onChange={() => undefined} />);

test("a union with a tag is a choice between forms, any other one is JSON", () => {
  expect(tagOf(union)).toBe("type");
  expect(controlOf(union)).toBe("variant");
  expect(controlOf({ oneOf: [{ type: "string" }] })).toBe("json");
});

test("each form has its title, one sentence about it, and its fields without the tag", () => {
  expect(variants.map(({ value, title, hint }) => [value, title, hint])).toEqual([["none", "Nothing", "It does it."], ["plan", "Plan", ""], ["tree", "Tree", ""]]);
  expect(Object.keys(variant("plan").schema.properties as object)).toEqual(["most", "words"]);
});

test("another form keeps what has the same name and type, and drops the rest", () => {
  const plan = { type: "plan", most: 5, words: "x" };
  expect(asVariant(plan, variant("tree"), variant("plan"), "type", root)).toEqual({ type: "tree", most: 5, words: false, deep: 2 });
  expect(asVariant({ type: "tree", most: 5, words: true, deep: 9 }, variant("none"), variant("tree"), "type", root)).toEqual({ type: "none" });
  expect(asVariant({ odd: 1 }, variant("plan"), undefined, "type", root)).toEqual({ type: "plan", most: 8, words: "" });
});

test("the chosen form is drawn with what it holds, and an unknown one offers a choice", () => {
  const html = drawn({ how: { type: "plan", most: 5 } });
  expect(html).toContain('<option value="plan" selected="">Plan</option>');
  expect(html).toContain('value="5"');
  expect(html).not.toContain("Deep");
  for (const odd of [null, 7, {}, { type: "gone" }, []] as Json[]) expect(drawn({ how: odd })).toContain("Choose one");
});

test("a schema may be shown in part", () => {
  expect(Object.keys(withFields(root, (name) => name === "how").properties as object)).toEqual(["how"]);
});

test("what is wrong in the chosen form is shown at its field, with the form's name in its path or without", () => {
  for (const path of ["how.most", "how.plan.most"]) {
    const html = renderToStaticMarkup(<SchemaForm schema={root} value={{ how: { type: "plan", most: 0 } }} problems={new Map([[path, ["Too few."]]])} onChange={() => undefined} />);
    expect(html).toContain("Too few.");
  }
});
