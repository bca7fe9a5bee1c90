import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Json } from "../contract";
import { NameInput } from "./NameInput";
import { JsonControl } from "./controlsSimple";
import { fromSimpleFields, isSchema, toSimpleFields, type Schema, type SimpleField } from "./schema";

const TYPES: readonly [SimpleField["type"], string][] = [
  ["string", "text"],
  ["number", "number"],
  ["integer", "whole number"],
  ["boolean", "yes or no"],
  ["array", "list"],
  ["object", "object"],
  ["file-image", "image file"],
  ["file-audio", "audio file"],
  ["file-video", "video file"],
  ["file-document", "document file"],
  ["file", "any file"],
];

interface SchemaControlProps {
  id: string;
  value: Json;
  disabled: boolean;
  onChange: (schema: Schema) => void;
}

/** The shape of some data: a list of fields, or the JSON Schema itself. */
export function SchemaControl({ id, value, disabled, onChange }: SchemaControlProps) {
  const [isRaw, setRaw] = useState(false);
  const schema: Schema = isSchema(value) ? value : {};
  const fields = toSimpleFields(schema);
  const write = (next: readonly SimpleField[]) => onChange(fromSimpleFields(next, schema));
  const patch = (index: number, change: Partial<SimpleField>) => write(fields.map((field, at) => (at === index ? { ...field, ...change } : field)));
  return (
    <div className="schema-control" id={id} role="group">
      {isRaw ? (
        <JsonControl id={`${id}-raw`} value={schema} nullable={false} disabled={disabled} describedBy={undefined} invalid={false} onChange={(next) => isSchema(next) && onChange(next)} />
      ) : (
        <>
          {fields.map((field, index) => (
            <div className="schema-row" key={index}>
              <NameInput name={field.name} others={fields.filter((_, at) => at !== index).map((other) => other.name)} label="Field name" disabled={disabled} onRename={(name) => patch(index, { name })} />
              <select className="select" aria-label={`Type of ${field.name}`} value={field.type} disabled={disabled} onChange={(event) => patch(index, { type: event.target.value as SimpleField["type"] })}>
                {TYPES.map(([type, word]) => (
                  <option key={type} value={type}>
                    {word}
                  </option>
                ))}
              </select>
              <label className="schema-required">
                <input type="checkbox" checked={field.required} disabled={disabled} onChange={(event) => patch(index, { required: event.target.checked })} /> required
              </label>
              <button type="button" className="button button-quiet button-icon" aria-label={`Remove ${field.name}`} disabled={disabled} onClick={() => write(fields.filter((_, at) => at !== index))}>
                <Trash2 aria-hidden />
              </button>
              <input className="input schema-note" aria-label={`What ${field.name} means`} placeholder="What it means" value={field.description} disabled={disabled} onChange={(event) => patch(index, { description: event.target.value })} />
            </div>
          ))}
        </>
      )}
      <div className="row">
        {isRaw ? null : (
          <button type="button" className="button" disabled={disabled} onClick={() => write([...fields, { name: freshName(fields), type: "string", description: "", required: true }])}>
            <Plus aria-hidden /> Field
          </button>
        )}
        <button type="button" className="button button-quiet" onClick={() => setRaw(!isRaw)}>
          {isRaw ? "As a list" : "As JSON Schema"}
        </button>
      </div>
    </div>
  );
}

function freshName(fields: readonly SimpleField[]): string {
  for (let n = fields.length + 1; ; n += 1) {
    if (!fields.some((field) => field.name === `field_${n}`)) return `field_${n}`;
  }
}
