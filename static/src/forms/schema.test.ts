import { expect, test } from "vitest";
import { blank, fieldsOf, fromSimpleFields, nameFault, optionsOf, toSimpleFields, type Schema } from "./schema";

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

const tree: Schema = {
  $ref: "#/$defs/Node",
  $defs: { Node: { type: "object", properties: { name: { type: "string" }, left: { $ref: "#/$defs/Node" }, right: { $ref: "#/$defs/Node" } }, required: ["name", "left", "right"] } },
};

test("a schema that needs itself without end has a blank value with an end", () => {
  expect(blank(tree)).toEqual({ name: "", left: null, right: null });
  expect(blank({ $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } })).toBeNull();
});

test("a type that may be null in one word is the type that may be null", () => {
  const [age, any] = fieldsOf({ properties: { age: { type: ["integer", "null"] }, any: { type: ["string", "number"] } } });
  expect([age, any].map((field) => [field?.control, field?.nullable])).toEqual([["number", true], ["json", false]]);
  expect(blank({ properties: { age: { type: ["integer", "null"] } }, required: ["age"] })).toEqual({ age: null });
});

test("a field of which nothing is said can be given, and one without a title has its name", () => {
  const fields = fieldsOf({ properties: { anything: true, never: false, untitled: { type: "string", title: " " }, odd: 7 } as Schema });
  expect(fields.map((field) => [field.title, field.control])).toEqual([["Anything", "json"], ["Untitled", "text"]]);
});

test.each([
  [{ properties: [] }], [{ properties: null }], [{ properties: "x" }], [{ $ref: 5 }], [{ $ref: "#/$defs/constructor", $defs: {} }], [{ anyOf: [] }], [{ anyOf: [{ type: "null" }] }],
  [{ anyOf: [null, 1, "x"] }], [{ enum: [] }], [{ type: [] }], [{ type: ["null"] }], [{ type: 5 }], [{ required: "name", properties: { a: { type: "string", enum: "x", title: 5, description: [] } } }],
] as unknown as [Schema][])("no schema stops a form: %j", (hostile) => {
  expect(() => [fieldsOf(hostile), blank(hostile), toSimpleFields(hostile), fromSimpleFields(toSimpleFields(hostile), hostile)]).not.toThrow();
});

test("names that every object has are names like any other", () => {
  const names = ["constructor", "toString", "hasOwnProperty"];
  const strange: Schema = { type: "object", properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])), required: names };
  expect(blank(strange)).toEqual({ constructor: "", toString: "", hasOwnProperty: "" });
  expect(fromSimpleFields([{ name: "valueOf", type: "string", description: "", required: false }], strange).properties).toEqual({ valueOf: { type: "string" } });
});

const rich: Schema = {
  type: "object",
  $defs: { Place: { type: "object", properties: { town: { type: "string" } } } },
  properties: {
    mail: { type: "string", format: "email" },
    age: { anyOf: [{ type: "integer", minimum: 0 }, { type: "null" }], default: null },
    home: { $ref: "#/$defs/Place", description: "Where" },
    mood: { enum: ["good", "bad"] },
    rows: { type: "array", items: { type: "object", properties: {} } },
  },
  required: ["mail"],
};

test("a list of fields that nobody changed is the schema it came from", () => {
  expect(fromSimpleFields(toSimpleFields(rich), rich)).toEqual(rich);
});

test("a change to one field leaves all others as they were, and a new name or word leaves the rest of its own", () => {
  const changed = toSimpleFields(rich).map((field) => (field.name === "mail" ? { ...field, name: "email" } : field.name === "home" ? { ...field, description: "" } : field));
  const { mail, ...others } = rich.properties as Record<string, Schema>;
  expect(fromSimpleFields(changed, rich).properties).toEqual({ ...others, email: mail, home: { $ref: "#/$defs/Place" } });
});

test("another type makes a new field", () => {
  const changed = toSimpleFields(rich).map((field) => (field.name === "mail" ? { ...field, type: "integer" as const } : field));
  expect((fromSimpleFields(changed, rich).properties as Record<string, Schema>).mail).toEqual({ type: "integer" });
});

test("a name that is taken or none is no name", () => {
  expect([nameFault("id", ["id"]), nameFault(" ", []), nameFault("id2", ["id"]), nameFault("名前", ["name"])].map(Boolean)).toEqual([true, true, false, false]);
});

test("ten thousand fields are read and written in a moment", () => {
  const many: Schema = { type: "object", properties: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}`, { type: "string" }])), required: [] };
  const begin = performance.now();
  expect(fromSimpleFields(toSimpleFields(many), many)).toEqual(many);
  expect(performance.now() - begin).toBeLessThan(2_000);
});

test("an enumeration gives back its values, not the texts of its options", () => {
  const { texts, valueOf } = optionsOf({ enum: [1, 2.5, "2.5 kg", true, null, "", "ö", "ö", { a: 1 }] });
  expect(texts).toEqual(["1", "2.5", "2.5 kg", "true", "", "ö", '{"a":1}']);
  expect(["1", "2.5", "2.5 kg", "true", '{"a":1}', "unknown"].map(valueOf)).toEqual([1, 2.5, "2.5 kg", true, { a: 1 }, "unknown"]);
  expect(fieldsOf({ properties: { level: { enum: [1, null] } } })[0]).toMatchObject({ control: "select", nullable: true });
});
