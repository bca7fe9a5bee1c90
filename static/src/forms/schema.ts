/** Reading JSON Schema for forms: which fields there are and which control each one gets. */
import type { Json } from "../contract";

export type Schema = Record<string, Json>;

export type ControlName =
  | "text"
  | "textarea"
  | "template"
  | "expression"
  | "number"
  | "switch"
  | "select"
  | "json"
  | "agent"
  | "tool"
  | "model"
  | "list"
  | "schema"
  | "variant"
  | "file"
  | "expression-map"
  | "group";

export interface FieldSpec {
  name: string;
  title: string;
  hint: string;
  control: ControlName;
  schema: Schema;
  required: boolean;
  nullable: boolean;
}

export function isSchema(value: Json | undefined): value is Schema {
  return value !== null && value !== undefined && typeof value === "object" && !Array.isArray(value);
}

/** A property of the data itself, whatever it is called: `constructor` is a name like any other. */
export function own(value: Readonly<Record<string, Json>>, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function asList(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** Follows references and unwraps "this or null", in both its spellings, keeping what stands beside them. */
export function resolve(schema: Schema, root: Schema, depth = 0): { schema: Schema; nullable: boolean } {
  if (depth > 10) return { schema, nullable: false };
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== "null");
    const inner = resolve({ ...schema, type: types.length === 1 ? (types[0] ?? null) : null }, root, depth + 1);
    return { schema: inner.schema, nullable: inner.nullable || types.length < schema.type.length };
  }
  const reference = schema.$ref;
  if (typeof reference === "string") {
    const { $ref: _, ...beside } = schema;
    const defs = root.$defs;
    const target = isSchema(defs) ? own(defs, reference.replace("#/$defs/", "")) : undefined;
    return isSchema(target) ? resolve({ ...target, ...beside }, root, depth + 1) : { schema: beside, nullable: false };
  }
  const choices = asList(schema.anyOf).length > 0 ? asList(schema.anyOf) : asList(schema.allOf);
  if (choices.length === 0) return { schema, nullable: false };
  const real = choices.filter((choice) => isSchema(choice) && choice.type !== "null");
  const nullable = real.length < choices.length;
  const only = real[0];
  if (real.length !== 1 || !isSchema(only)) return { schema, nullable };
  const { anyOf: _any, allOf: _all, ...beside } = schema;
  const inner = resolve({ ...only, ...beside }, root, depth + 1);
  return { schema: inner.schema, nullable: nullable || inner.nullable };
}

const LONG_TEXT = 1_000;

export function controlOf(schema: Schema): ControlName {
  if (typeof schema.control === "string") return schema.control as ControlName;
  if (schema.format === "file") return "file";
  if (Array.isArray(schema.enum)) return "select";
  if (tagOf(schema) !== null) return "variant";
  switch (schema.type) {
    case "boolean":
      return "switch";
    case "integer":
    case "number":
      return "number";
    case "string":
      return typeof schema.maxLength === "number" && schema.maxLength > LONG_TEXT ? "textarea" : "text";
    case "array":
      return isSchema(schema.items) ? "list" : "json";
    case "object":
      return isSchema(schema.properties) ? "group" : "json";
    default:
      return "json";
  }
}

/** The property by whose value the variants of a `oneOf` are told apart; null where there are none. */
export function tagOf(schema: Schema): string | null {
  const { discriminator } = schema;
  const tag = isSchema(discriminator) ? discriminator.propertyName : null;
  return Array.isArray(schema.oneOf) && typeof tag === "string" ? tag : null;
}

export interface Variant {
  value: string;
  title: string;
  /** What it is, in a sentence. */
  hint: string;
  schema: Schema;
}

/** The forms that a value with a tag may have, each without the tag. */
export function variantsOf(schema: Schema, root: Schema): Variant[] {
  const tag = tagOf(schema);
  if (tag === null) return [];
  return asList(schema.oneOf).flatMap((raw) => {
    const variant = isSchema(raw) ? resolve(raw, root).schema : {};
    const properties = isSchema(variant.properties) ? variant.properties : {};
    const { [tag]: named, ...others } = properties;
    const value = isSchema(named) ? named.const : undefined;
    if (typeof value !== "string") return [];
    const hint = sentence(variant.description);
    return [{ value, title: typeof variant.title === "string" ? variant.title : humanise(value), hint, schema: { ...variant, properties: others } }];
  });
}

/** The value as another variant: what has the same name and control is kept, the rest is as it is at first. */
export function asVariant(value: Readonly<Record<string, Json>>, variant: Variant, before: Variant | undefined, tag: string, root: Schema): Record<string, Json> {
  const old = new Map(before ? fieldsOf(before.schema, root).map((field) => [field.name, field.control]) : []);
  const kept = fieldsOf(variant.schema, root).flatMap(({ name, control }) => {
    const given = own(value, name);
    return given !== undefined && old.get(name) === control ? [[name, given] as const] : [];
  });
  const first = blank(variant.schema, root);
  return { [tag]: variant.value, ...(isSchema(first) ? first : {}), ...Object.fromEntries(kept) };
}

/** The schema with some of its fields only, or without some. */
export function withFields(schema: Schema, chosen: (name: string) => boolean): Schema {
  const properties = isSchema(schema.properties) ? schema.properties : {};
  return { ...schema, properties: Object.fromEntries(Object.entries(properties).filter(([name]) => chosen(name))) };
}

/** The schema of one field that is an object. */
export function partOf(schema: Schema, name: string): Schema {
  const properties = isSchema(schema.properties) ? schema.properties : {};
  const raw = own(properties, name);
  return isSchema(raw) ? resolve(raw, schema).schema : {};
}

/** What a select offers: each value of an enumeration as the text of its option, and back. */
export function optionsOf(schema: Schema): { texts: string[]; valueOf: (text: string) => Json } {
  const values = new Map<string, Json>();
  for (const value of asList(schema.enum)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (value !== null && !values.has(text)) values.set(text, value);
  }
  return { texts: [...values.keys()], valueOf: (text) => values.get(text) ?? text };
}

/** The word for a value of an enumeration: the schema's own, or one made of the value. */
export function wordOf(schema: Schema, text: string): string {
  const word = isSchema(schema.labels) ? own(schema.labels, text) : undefined;
  return typeof word === "string" ? word : humanise(text);
}

export function humanise(name: string): string {
  const words = name.replace(/_/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The first paragraph of a description: what follows is for programmers. */
function sentence(description: Json | undefined): string {
  return typeof description === "string" ? (description.split("\n\n")[0] ?? "") : "";
}

export function fieldOf(name: string, raw: Schema, root: Schema, required: boolean): FieldSpec {
  const { schema, nullable } = resolve(raw, root);
  return {
    name,
    title: typeof raw.title === "string" && raw.title.trim() !== "" ? raw.title : humanise(name),
    hint: sentence(schema.description),
    control: controlOf(schema),
    schema,
    required,
    nullable: nullable || asList(schema.enum).includes(null),
  };
}

export function fieldsOf(schema: Schema, root: Schema = schema): FieldSpec[] {
  const { schema: object } = resolve(schema, root);
  const properties = object.properties;
  if (!isSchema(properties)) return [];
  const required = new Set(asList(object.required));
  return Object.entries(properties).flatMap(([name, raw]) => (isSchema(raw) || raw === true ? [fieldOf(name, raw === true ? {} : raw, root, required.has(name))] : []));
}

/** What stands at a path of names, or what stands there at first. */
function valueAt(names: readonly string[], schema: Schema, root: Schema, value: Readonly<Record<string, Json>>): Json {
  const [name = "", ...others] = names;
  const field = fieldsOf(schema, root).find((one) => one.name === name);
  const found = own(value, name) ?? field?.schema.default ?? null;
  return others.length === 0 || !field ? found : valueAt(others, field.schema, root, isSchema(found) ? found : {});
}

const DEEPEST = 10;

/** The fields that matter while the others are as they are: a field may say `when`, by the values of others. */
export function mattering(schema: Schema, root: Schema, value: Readonly<Record<string, Json>>): FieldSpec[] {
  const all = fieldsOf(schema, root);
  const matters = (field: FieldSpec, depth: number): boolean => {
    const { when } = field.schema;
    if (!isSchema(when) || depth > DEEPEST) return true;
    return Object.entries(when).some(([path, wanted]) => {
      const names = path.split(".");
      const other = all.find((one) => one.name === names[0]);
      return (!other || matters(other, depth + 1)) && asList(wanted).includes(valueAt(names, schema, root, value));
    });
  };
  return all.filter((field) => matters(field, 0));
}

/** A first value that a form can start from. What needs another of itself without end gets none. */
export function blank(raw: Schema, root: Schema = raw, around: readonly Json[] = []): Json {
  const { schema, nullable } = resolve(raw, root);
  if (schema.default !== undefined) return structuredClone(schema.default);
  if (schema.const !== undefined) return structuredClone(schema.const);
  if (nullable || schema.format === "file") return null;
  if (Array.isArray(schema.enum)) return schema.enum[0] ?? null;
  const { properties } = schema;
  if (isSchema(properties)) {
    if (around.includes(properties)) return null;
    const needed = fieldsOf(schema, root).filter((field) => field.required || field.schema.default !== undefined);
    return Object.fromEntries(needed.map((field) => [field.name, field.nullable && field.schema.default === undefined ? null : blank(field.schema, root, [...around, properties])]));
  }
  switch (schema.type) {
    case "string":
      return "";
    case "boolean":
      return false;
    case "integer":
    case "number":
      return typeof schema.minimum === "number" ? Math.max(0, schema.minimum) : 0;
    case "array":
      return [];
    case "object":
      return {};
    default:
      return null;
  }
}

export type SimpleType = "string" | "number" | "integer" | "boolean" | "array" | "object" | keyof typeof FILES;

/** Fields that hold a file, by the kinds that are taken; "file" takes all. */
const FILES = {
  file: [],
  "file-image": ["image"],
  "file-audio": ["audio"],
  "file-video": ["video"],
  "file-document": ["document", "text"],
} as const satisfies Record<string, readonly string[]>;

/** Fields of a flat object schema that people can edit as a list. */
export interface SimpleField {
  name: string;
  type: SimpleType;
  description: string;
  required: boolean;
  /** What it was called when it was read, so that a new name keeps what the list does not show. */
  was?: string;
}

const SIMPLE: readonly SimpleType[] = ["string", "number", "integer", "boolean", "array", "object"];

/** Which kinds of files a field takes; none named: all. */
export function acceptOf(schema: Schema): string[] {
  return asList(schema.accept).filter((kind): kind is string => typeof kind === "string");
}

function isFileType(type: SimpleType): type is keyof typeof FILES {
  return Object.hasOwn(FILES, type);
}

function schemaOf(type: SimpleType): Schema {
  if (!isFileType(type)) return { type };
  return { type: "object", format: "file", ...(FILES[type].length > 0 ? { accept: [...FILES[type]] } : {}) };
}

function simpleType(schema: Schema): SimpleType {
  if (schema.format === "file") {
    const accept = acceptOf(schema).join();
    return (Object.keys(FILES) as (keyof typeof FILES)[]).find((type) => FILES[type].join() === accept) ?? "file";
  }
  return SIMPLE.find((type) => type === schema.type) ?? "string";
}

export function toSimpleFields(schema: Schema): SimpleField[] {
  return fieldsOf(schema).map(({ name, hint, required, schema: inner }) => ({ name, type: simpleType(inner), description: hint, required, was: name }));
}

/** Writes the fields back; what the list does not show (formats, items, enums, references) is kept as long as the type is. */
export function fromSimpleFields(fields: readonly SimpleField[], before: Schema): Schema {
  const old = new Map(fieldsOf(before).map((field) => [field.name, field]));
  const raws = isSchema(before.properties) ? before.properties : {};
  const properties = fields.map(({ name, type, description, was }) => {
    const known = old.get(was ?? name);
    const raw = known && own(raws, known.name);
    const isKept = known !== undefined && simpleType(known.schema) === type;
    if (isKept && known.hint === description) return [name, raw ?? {}] as const;
    const { description: _, ...rest } = isKept && isSchema(raw) ? raw : schemaOf(type);
    return [name, description ? { ...rest, description } : rest] as const;
  });
  return { ...before, type: "object", properties: Object.fromEntries(properties), required: fields.filter((field) => field.required).map((field) => field.name) };
}

/** Why a field cannot be called so; null when it can. */
export function nameFault(name: string, others: readonly string[]): string | null {
  if (name.trim() === "") return "A field needs a name.";
  return others.includes(name) ? `There is a field "${name}" already.` : null;
}
