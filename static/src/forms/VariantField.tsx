import { Field } from "./Field";
import { SchemaForm, type FormFieldProps } from "./SchemaForm";
import { ChoiceControl } from "./controlsSimple";
import { asVariant, isSchema, own, tagOf, variantsOf } from "./schema";

/** One of several forms: a choice of which, a sentence about it, and its fields. */
export function VariantField({ field, root, path, value, disabled, problems, around, onChange }: FormFieldProps) {
  const tag = tagOf(field.schema) ?? "";
  const variants = variantsOf(field.schema, root);
  const known = isSchema(value) ? value : {};
  const current = variants.find((variant) => variant.value === own(known, tag));
  const choose = (chosen: string) => {
    const next = variants.find((variant) => variant.value === chosen);
    if (next) onChange(asVariant(known, next, current, tag, root));
  };
  return (
    <fieldset className="form-group">
      <Field title={field.title} hint={current?.hint ?? field.hint} problems={problems?.get(path) ?? []}>
        {(ids) => (
          <ChoiceControl
            {...ids}
            value={current?.value ?? ""}
            nullable={false}
            disabled={disabled}
            empty="Choose one"
            choices={variants.map((variant) => ({ value: variant.value, label: variant.title }))}
            onChange={(chosen) => choose(String(chosen))}
          />
        )}
      </Field>
      {current ? (
        <SchemaForm
          schema={current.schema}
          root={root}
          value={known}
          disabled={disabled}
          problems={insideOf(problems, path, current.value)}
          prefix={`${path}.`}
          around={around}
          onChange={(next) => onChange({ ...next, [tag]: current.value })}
        />
      ) : null}
    </fieldset>
  );
}

/** What is wrong, by the paths that the form has: the server also names the form in them. */
function insideOf(problems: FormFieldProps["problems"], path: string, value: string): FormFieldProps["problems"] {
  const named = `${path}.${value}.`;
  return problems && new Map([...problems].map(([at, words]) => [at.startsWith(named) ? `${path}.${at.slice(named.length)}` : at, words]));
}
