import { expect, test } from "vitest";
import { blank, fieldsOf, fromSimpleFields, toSimpleFields, type Schema } from "./schema";

const schema: Schema = {
  type: "object",
  $defs: { Route: { type: "object", properties: { name: { type: "string" }, when: { type: "string", control: "expression" } }, required: ["name"] } },
  properties: {
    agent: { type: "string", control: "agent" },
    limit: { anyOf: [{ type: "integer" }, { type: "null" }], default: null, title: "At most" },
    mode: { enum: ["model", "expression"], type: "string" },
    routes: { type: "array", items: { $ref: "#/$defs/Route" } },
    first: { $ref: "#/$defs/Route", description: "Where to begin" },
    extra: {},
  },
  required: ["agent", "first"],
};

test("each field gets the control its schema asks for", () => {
  expect(fieldsOf(schema).map((field) => [field.name, field.control])).toEqual([
    ["agent", "agent"],
    ["limit", "number"],
    ["mode", "select"],
    ["routes", "list"],
    ["first", "group"],
    ["extra", "json"],
  ]);
});

test("a field that may be null says so and keeps its title", () => {
  expect(fieldsOf(schema)[1]).toMatchObject({ title: "At most", nullable: true });
});

test("what stands beside a reference wins", () => {
  expect(fieldsOf(schema)[4]?.hint).toBe("Where to begin");
});

test("a blank value has what is required and every default", () => {
  expect(blank(schema)).toEqual({ agent: "", limit: null, first: { name: "" } });
});

test("a simple field list keeps what it does not show", () => {
  const before: Schema = { type: "object", properties: { mail: { type: "string", format: "email" } }, required: [], additionalProperties: false };
  const fields = [...toSimpleFields(before), { name: "age", type: "integer" as const, description: "In years", required: true }];
  expect(fromSimpleFields(fields, before)).toEqual({
    type: "object",
    properties: { mail: { type: "string", format: "email" }, age: { type: "integer", description: "In years" } },
    required: ["age"],
    additionalProperties: false,
  });
});
