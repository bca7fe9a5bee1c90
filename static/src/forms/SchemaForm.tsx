import { ChevronDown, ChevronUp, Plus, Trash2 } from "lucide-react";
import { useContext, useState } from "react";
import type { Json } from "../contract";
import { Field } from "./Field";
import { FileControl } from "./FileControl";
import { ExpressionMap } from "./ExpressionMap";
import { FormContext } from "./FormContext";
import { GroupField } from "./GroupField";
import { VariantField } from "./VariantField";
import { SchemaControl } from "./SchemaControl";
import { ChoiceControl, JsonControl, LongTextControl, ModelControl, NumberControl, SwitchControl, TextControl, type ControlProps } from "./controlsSimple";
import { acceptOf, blank, fieldOf, isSchema, mattering, optionsOf, own, resolve, wordOf, type FieldSpec, type Schema } from "./schema";

interface SchemaFormProps {
  schema: Schema;
  root?: Schema;
  value: Record<string, Json>;
  disabled?: boolean;
  /** What is wrong, by the path of the field: `routes.0.when`. */
  problems?: ReadonlyMap<string, readonly string[]>;
  prefix?: string;
  /** The groups that this form is in: one that holds itself is shown once and then as JSON, or it would have no end. */
  around?: readonly Json[];
  onChange: (value: Record<string, Json>, field: string) => void;
}

/** The fields of an object schema, each with the control it asks for. */
export function SchemaForm({ schema, root = schema, value, disabled = false, problems, prefix = "", around = [], onChange }: SchemaFormProps) {
  const inside = [...around, resolve(schema, root).schema.properties ?? null];
  return (
    <div className="form">
      {mattering(schema, root, value).map((field) => (
        <FormField
          key={field.name}
          field={field}
          root={root}
          path={`${prefix}${field.name}`}
          around={inside}
          value={own(value, field.name) ?? (field.schema.default === undefined ? null : field.schema.default)}
          disabled={disabled}
          problems={problems}
          onChange={(next) => onChange(field.control === "file" && next === null ? without(value, field.name) : { ...value, [field.name]: next }, `${prefix}${field.name}`)}
        />
      ))}
    </div>
  );
}

/** A file that is taken out of a form leaves nothing in its place. */
function without(value: Record<string, Json>, name: string): Record<string, Json> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}

export interface FormFieldProps {
  field: FieldSpec;
  root: Schema;
  path: string;
  value: Json;
  disabled: boolean;
  problems: ReadonlyMap<string, readonly string[]> | undefined;
  around: readonly Json[];
  onChange: (value: Json) => void;
}

function FormField(props: FormFieldProps) {
  const { path, value, disabled, problems, around, onChange } = props;
  const isEndless = props.field.control === "group" && around.includes(props.field.schema.properties ?? null);
  const field: FieldSpec = isEndless ? { ...props.field, control: "json" } : props.field;
  if (field.control === "group") return <GroupField {...props} field={field} />;
  if (field.control === "variant") return <VariantField {...props} />;
  if (field.control === "list" && isSchema(field.schema.items)) return <ListField {...props} />;
  return (
    <Field title={field.title} hint={hintOf(field, value)} required={field.required} problems={problems?.get(path) ?? []} aside={<AgentLinks field={field} value={value} />}>
      {(ids) => <Control field={field} {...ids} value={value} nullable={field.nullable} disabled={disabled} onChange={onChange} />}
    </Field>
  );
}

/** What the field means, and what it was at first where it no longer is so. */
function hintOf({ hint, schema, required }: FieldSpec, value: Json): string {
  const first = schema.default;
  const isPlain = typeof first === "number" || typeof first === "boolean" || (typeof first === "string" && Array.isArray(schema.enum));
  if (!isPlain || required || value === first) return hint;
  const words = typeof first === "string" ? wordOf(schema, first) : first === true ? "on" : first === false ? "off" : String(first);
  return [hint, `By default: ${words}`].filter(Boolean).join(" · ");
}

function AgentLinks({ field, value }: { field: FieldSpec; value: Json }) {
  const { agents, onOpenAgent, onNewAgent } = useContext(FormContext);
  if (field.control !== "agent") return null;
  const isKnown = agents.some((agent) => agent.value === value);
  return (
    <span className="row">
      {isKnown && onOpenAgent ? (
        <button type="button" className="link" onClick={() => onOpenAgent(String(value))}>
          Edit agent
        </button>
      ) : null}
      {onNewAgent ? (
        <button type="button" className="link" onClick={onNewAgent}>
          New
        </button>
      ) : null}
    </span>
  );
}

function Control({ field, ...props }: ControlProps & { field: FieldSpec }) {
  const { agents, tools } = useContext(FormContext);
  const { schema } = field;
  switch (field.control) {
    case "textarea":
      return <LongTextControl {...props} />;
    case "template":
      return <LongTextControl {...props} mono placeholder="Text with {{ input.field }} placeholders" />;
    case "expression":
      return <LongTextControl {...props} mono placeholder="output.score > 0.8" />;
    case "number":
      return <NumberControl {...props} whole={schema.type === "integer"} {...numberWords(schema)} />;
    case "switch":
      return <SwitchControl {...props} />;
    case "select": {
      const { texts, valueOf } = optionsOf(schema);
      const choose = (text: Json) => props.onChange(typeof text === "string" ? valueOf(text) : text);
      return <ChoiceControl {...props} onChange={choose} empty="None" choices={texts.map((text) => ({ value: text, label: wordOf(schema, text) }))} />;
    }
    case "agent":
      return <ChoiceControl {...props} empty={agents.length === 0 ? "No agents yet" : "Choose an agent"} choices={agents} />;
    case "tool":
      return <ChoiceControl {...props} empty="Choose a tool" choices={tools} />;
    case "model":
      return <ModelControl {...props} />;
    case "schema":
      return <SchemaControl id={props.id} value={props.value} disabled={props.disabled} onChange={props.onChange} />;
    case "file":
      return <FileControl {...props} accept={acceptOf(schema)} />;
    case "expression-map":
      return <ExpressionMap {...props} />;
    case "text":
      return <TextControl {...props} suggestions={texts(schema.examples)} />;
    default:
      return <JsonControl {...props} />;
  }
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}

function numberWords(schema: Schema): { min?: number; max?: number; unit?: string; empty?: string } {
  return {
    ...(typeof schema.unit === "string" ? { unit: schema.unit } : {}),
    ...(typeof schema.empty === "string" ? { empty: schema.empty } : {}),
    ...(typeof schema.minimum === "number" ? { min: schema.minimum } : {}),
    ...(typeof schema.maximum === "number" ? { max: schema.maximum } : {}),
  };
}

/** A list that came long is shown in part, until somebody asks for all of it. */
const SHORT_LIST = 12;
const SHOWN = 3;

/** Several values of one shape: added, removed, put in order. */
function ListField({ field, root, path, value, disabled, problems, onChange }: FormFieldProps) {
  const items = field.schema.items as Schema;
  const entries = Array.isArray(value) ? value : [];
  const write = (index: number, next: Json) => onChange(entries.map((entry, at) => (at === index ? next : entry)));
  const [isWhole, setWhole] = useState(entries.length <= SHORT_LIST);
  const shown = isWhole ? entries : entries.slice(0, SHOWN);
  const move = (index: number, by: number) => {
    const next = [...entries];
    const [taken] = next.splice(index, 1);
    if (taken !== undefined) next.splice(index + by, 0, taken);
    onChange(next);
  };
  return (
    <fieldset className="form-group">
      <legend className="field-label">{field.title}</legend>
      {field.hint ? <p className="field-hint">{field.hint}</p> : null}
      {(problems?.get(path) ?? []).map((problem) => (
        <p className="field-error" key={problem}>
          {problem}
        </p>
      ))}
      {shown.map((entry, index) => {
        const item = { ...fieldOf(String(index), items, root, true), title: `${index + 1}` };
        return (
          <div className="list-item" key={index}>
            <div className="list-item-body">
              {item.control === "group" ? (
                <SchemaForm schema={item.schema} root={root} value={isSchema(entry) ? entry : {}} disabled={disabled} problems={problems} prefix={`${path}.${index}.`} onChange={(next) => write(index, next)} />
              ) : (
                <FormField field={item} root={root} path={`${path}.${index}`} value={entry} disabled={disabled} problems={problems} around={[]} onChange={(next) => write(index, next)} />
              )}
            </div>
            <div className="list-item-tools">
              <ItemButton label={`Move ${index + 1} up`} disabled={disabled || index === 0} onClick={() => move(index, -1)} icon={<ChevronUp aria-hidden />} />
              <ItemButton label={`Move ${index + 1} down`} disabled={disabled || index === entries.length - 1} onClick={() => move(index, 1)} icon={<ChevronDown aria-hidden />} />
              <ItemButton label={`Remove ${index + 1}`} disabled={disabled} onClick={() => onChange(entries.filter((_, at) => at !== index))} icon={<Trash2 aria-hidden />} />
            </div>
          </div>
        );
      })}
      {shown.length < entries.length ? (
        <button type="button" className="button button-quiet" onClick={() => setWhole(true)}>
          Show all {entries.length}
        </button>
      ) : null}
      <button type="button" className="button" disabled={disabled} onClick={() => onChange([...entries, blank(items, root)])}>
        <Plus aria-hidden /> Add
      </button>
    </fieldset>
  );
}

function ItemButton({ label, disabled, onClick, icon }: { label: string; disabled: boolean; onClick: () => void; icon: React.ReactNode }) {
  return (
    <button type="button" className="button button-quiet button-icon" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      {icon}
    </button>
  );
}
