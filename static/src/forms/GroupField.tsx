import { useId } from "react";
import type { Json } from "../contract";
import { formatCount } from "../figures";
import { SchemaForm, type FormFieldProps } from "./SchemaForm";
import { SwitchControl } from "./controlsSimple";
import { isSchema, mattering, own, withFields, wordOf, type FieldSpec, type Schema } from "./schema";

/** Fields that belong together. A schema may have them folded away, or switched on by one of them. */
export function GroupField(props: FormFieldProps) {
  const { field, root, path, value, disabled, problems, around, onChange } = props;
  const held = isSchema(value) ? value : {};
  const form = (schema: Schema) => <SchemaForm schema={schema} root={root} value={held} disabled={disabled} problems={problems} prefix={`${path}.`} around={around} onChange={onChange} />;
  const { switch: switchedBy, fold } = field.schema;
  if (typeof switchedBy === "string") return <Switched {...props} held={held} by={switchedBy} form={form} />;
  const hint = field.hint ? <p className="field-hint">{field.hint}</p> : null;
  if (fold === true) {
    const isFaulty = [...(problems?.keys() ?? [])].some((at) => at.startsWith(`${path}.`));
    return (
      <details className="form-fold" open={isFaulty || undefined}>
        <summary>
          <span className="field-label">{field.title}</span> <span className="field-hint">{gist(field, root, held)}</span>
        </summary>
        {hint}
        {form(field.schema)}
      </details>
    );
  }
  return (
    <fieldset className="form-group">
      <legend className="field-label">{field.title}</legend>
      {hint}
      {form(field.schema)}
    </fieldset>
  );
}

interface SwitchedProps extends FormFieldProps {
  held: Record<string, Json>;
  by: string;
  form: (schema: Schema) => React.ReactNode;
}

/** Nothing but a switch until it is on. */
function Switched({ field, root, path, disabled, problems, onChange, held, by, form }: SwitchedProps) {
  const id = useId();
  const isOn = (own(held, by) ?? mattering(field.schema, root, held).find((one) => one.name === by)?.schema.default) === true;
  return (
    <fieldset className="form-group form-switched" aria-labelledby={`${id}-title`}>
      <div className="field-top">
        <label className="field-label" id={`${id}-title`} htmlFor={id}>{field.title}</label>
        <SwitchControl id={id} value={isOn} disabled={disabled} describedBy={`${id}-hint`} onChange={(next) => onChange({ ...held, [by]: next })} />
      </div>
      <p className="field-hint" id={`${id}-hint`}>{field.hint}</p>
      {(problems?.get(`${path}.${by}`) ?? []).map((problem) => (
        <p className="field-error" key={problem}>{problem}</p>
      ))}
      {isOn ? form(withFields(field.schema, (name) => name !== by)) : null}
    </fieldset>
  );
}

const MOST = 3;

/** What is set in a group that is folded away, in a few words. */
function gist(group: FieldSpec, root: Schema, held: Record<string, Json>): string {
  const words = mattering(group.schema, root, held).flatMap(({ name, schema, control }) => {
    const value = own(held, name) ?? schema.default ?? null;
    if (value === null) return typeof schema.empty === "string" ? [schema.empty] : [];
    if (control === "select") return [wordOf(schema, String(value))];
    return typeof value === "number" && typeof schema.unit === "string" ? [`${formatCount(value)} ${schema.unit}`] : [];
  });
  return words.slice(0, MOST).join(" · ");
}
