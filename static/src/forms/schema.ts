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

function asList(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** Follows references and unwraps "this or null", keeping what stands beside them. */
export function resolve(schema: Schema, root: Schema, depth = 0): { schema: Schema; nullable: boolean } {
  if (depth > 10) return { schema, nullable: false };
  const reference = schema.$ref;
  if (typeof reference === "string") {
    const { $ref: _, ...beside } = schema;
    const defs = root.$defs;
    const target = isSchema(defs) ? defs[reference.replace("#/$defs/", "")] : undefined;
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
  if (Array.isArray(schema.enum)) return "select";
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

export function humanise(name: string): string {
  const words = name.replace(/_/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function fieldOf(name: string, raw: Schema, root: Schema, required: boolean): FieldSpec {
  const { schema, nullable } = resolve(raw, root);
  return {
    name,
    title: typeof raw.title === "string" ? raw.title : humanise(name),
    hint: typeof schema.description === "string" ? schema.description : "",
    control: controlOf(schema),
    schema,
    required,
    nullable,
  };
}

export function fieldsOf(schema: Schema, root: Schema = schema): FieldSpec[] {
  const { schema: object } = resolve(schema, root);
  const properties = object.properties;
  if (!isSchema(properties)) return [];
  const required = new Set(asList(object.required));
  return Object.entries(properties).flatMap(([name, raw]) => (isSchema(raw) ? [fieldOf(name, raw, root, required.has(name))] : []));
}

/** A first value that a form can start from. */
export function blank(raw: Schema, root: Schema = raw): Json {
  const { schema, nullable } = resolve(raw, root);
  if (schema.default !== undefined) return structuredClone(schema.default);
  if (nullable) return null;
  if (Array.isArray(schema.enum)) return schema.enum[0] ?? null;
  if (isSchema(schema.properties)) {
    const value: Record<string, Json> = {};
    for (const field of fieldsOf(schema, root)) {
      if (field.required || field.schema.default !== undefined) value[field.name] = blank(field.schema, root);
    }
    return value;
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

/** Fields of a flat object schema that people can edit as a list. */
export interface SimpleField {
  name: string;
  type: "string" | "number" | "integer" | "boolean" | "array" | "object";
  description: string;
  required: boolean;
}

export function toSimpleFields(schema: Schema): SimpleField[] {
  return fieldsOf(schema).map((field) => ({
    name: field.name,
    type: (typeof field.schema.type === "string" ? field.schema.type : "string") as SimpleField["type"],
    description: field.hint,
    required: field.required,
  }));
}

/** Writes the fields back; what the list does not show (formats, items, enums) is kept. */
export function fromSimpleFields(fields: readonly SimpleField[], before: Schema): Schema {
  const old = isSchema(before.properties) ? before.properties : {};
  const properties: Schema = {};
  for (const field of fields) {
    const kept = old[field.name];
    const { description: _, ...rest } = isSchema(kept) && kept.type === field.type ? kept : {};
    properties[field.name] = { ...rest, type: field.type, ...(field.description ? { description: field.description } : {}) };
  }
  return { ...before, type: "object", properties, required: fields.filter((field) => field.required).map((field) => field.name) };
}
