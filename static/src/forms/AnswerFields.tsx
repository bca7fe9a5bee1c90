import type { Json } from "../contract";
import { SchemaForm } from "./SchemaForm";
import { blank, fieldsOf, isSchema, own, type Schema } from "./schema";

/** The form of an answer: the fields that are asked for, or one field for a single value. */
export function AnswerFields({ schema, value, onChange }: { schema: Schema; value: Json; onChange: (value: Json) => void }) {
  if (fieldsOf(schema).length > 0) return <SchemaForm schema={schema} value={isSchema(value) ? value : {}} onChange={onChange} />;
  return <SchemaForm schema={asField(schema)} value={{ value }} onChange={(next) => onChange(next.value ?? null)} />;
}

/** What an answer begins with: what is shown for review, or what of it has a field of the same name. */
export function firstAnswer(schema: Schema | null, payload: Json, isReview: boolean): Json {
  if (schema === null) return null;
  const value = blank(schema);
  if (!isSchema(value) || !isSchema(payload)) return isReview && payload !== null ? payload : value;
  const known = fieldsOf(schema).flatMap(({ name }) => {
    const given = own(payload, name);
    return given === undefined ? [] : [[name, given] as const];
  });
  return { ...value, ...Object.fromEntries(known) };
}

/** A single value as a form of one field. */
function asField(schema: Schema): Schema {
  const control: Schema = schema.type === "string" ? { control: "textarea" } : {};
  return { type: "object", properties: { value: { title: "Your version", ...control, ...schema } } };
}
