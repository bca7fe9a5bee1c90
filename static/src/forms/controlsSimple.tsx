import { useContext, useState } from "react";
import type { Json } from "../contract";
import { FormContext, type Choice } from "./FormContext";

export interface ControlProps {
  id: string;
  describedBy: string | undefined;
  invalid: boolean;
  value: Json;
  nullable: boolean;
  disabled: boolean;
  onChange: (value: Json) => void;
}

const attributes = ({ id, describedBy, invalid, disabled }: ControlProps) => ({
  id,
  disabled,
  "aria-describedby": describedBy,
  "aria-invalid": invalid || undefined,
});

const asText = (value: Json) => (typeof value === "string" ? value : value === null ? "" : JSON.stringify(value));

/** A line of text; what is suggested may be taken or not. */
export function TextControl(props: ControlProps & { suggestions: readonly string[] }) {
  const list = props.suggestions.length > 0 ? `${props.id}-suggestions` : undefined;
  return (
    <>
      <input
        {...attributes(props)}
        className={`input ${list ? "mono" : ""}`}
        list={list}
        value={asText(props.value)}
        spellCheck={!list}
        onChange={(event) => props.onChange(props.nullable && event.target.value === "" ? null : event.target.value)}
      />
      {list ? (
        <datalist id={list}>
          {props.suggestions.map((text) => (
            <option key={text} value={text} />
          ))}
        </datalist>
      ) : null}
    </>
  );
}

export function LongTextControl(props: ControlProps & { mono?: boolean; placeholder?: string }) {
  const text = asText(props.value);
  return (
    <textarea
      {...attributes(props)}
      className={`textarea ${props.mono ? "mono" : ""}`}
      rows={Math.min(14, Math.max(props.mono ? 2 : 3, text.split("\n").length))}
      value={text}
      placeholder={props.placeholder}
      spellCheck={!props.mono}
      onChange={(event) => props.onChange(props.nullable && event.target.value === "" ? null : event.target.value)}
    />
  );
}

interface NumberControlProps extends ControlProps {
  min?: number;
  max?: number;
  whole: boolean;
  /** What is counted. */
  unit?: string;
  /** What it means that no number is given. */
  empty?: string;
}

/** A number. What is none yet, as while it is typed, stays here and is not passed on. */
export function NumberControl(props: NumberControlProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const unit = props.unit ? `${props.id}-unit` : "";
  const input = (
    <input
      {...attributes(props)}
      aria-describedby={[props.describedBy, unit].filter(Boolean).join(" ") || undefined}
      className="input numeric"
      type="number"
      min={props.min}
      max={props.max}
      step={props.whole ? 1 : "any"}
      value={draft ?? (typeof props.value === "number" ? props.value : "")}
      placeholder={props.nullable ? (props.empty ?? "None") : undefined}
      onChange={(event) => {
        const number = event.target.valueAsNumber;
        setDraft(Number.isFinite(number) ? null : event.target.value);
        if (Number.isFinite(number)) props.onChange(number);
        else if (props.nullable) props.onChange(null);
      }}
      onBlur={() => setDraft(null)}
    />
  );
  if (!props.unit) return input;
  return (
    <span className="input-unit">
      {input}
      <span className="muted" id={unit}>{props.unit}</span>
    </span>
  );
}

export function SwitchControl({ id, value, disabled, onChange, describedBy }: Omit<ControlProps, "nullable" | "invalid">) {
  return (
    <button
      type="button"
      id={id}
      role="switch"
      className="switch"
      aria-checked={value === true}
      aria-describedby={describedBy}
      disabled={disabled}
      onClick={() => onChange(value !== true)}
    >
      <span className="switch-knob" />
    </button>
  );
}

export function ChoiceControl(props: ControlProps & { choices: readonly Choice[]; empty: string }) {
  const value = asText(props.value);
  const isUnknown = value !== "" && !props.choices.some((choice) => choice.value === value);
  return (
    <select {...attributes(props)} className="select" value={value} onChange={(event) => props.onChange(event.target.value === "" && props.nullable ? null : event.target.value)}>
      {value === "" || props.nullable ? <option value="">{props.empty}</option> : null}
      {isUnknown ? <option value={value}>{value} (not found)</option> : null}
      {props.choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
    </select>
  );
}

/** A model by name: any name LiteLLM knows, with the ones at hand offered. */
export function ModelControl(props: ControlProps) {
  const { models } = useContext(FormContext);
  const list = `${props.id}-models`;
  const chosen = models.find((model) => model.value === props.value);
  return (
    <>
      <input
        {...attributes(props)}
        className="input mono"
        list={list}
        value={asText(props.value)}
        placeholder="openai/gpt-5-mini"
        spellCheck={false}
        onChange={(event) => props.onChange(props.nullable && event.target.value === "" ? null : event.target.value)}
      />
      <datalist id={list}>
        {models.map((model) => (
          <option key={model.value} value={model.value}>
            {model.label}
          </option>
        ))}
      </datalist>
      {chosen?.hint ? <span className="field-hint">{chosen.hint}</span> : null}
    </>
  );
}

/** Raw JSON; what does not parse stays here and is not passed on. */
export function JsonControl(props: ControlProps) {
  const [draft, setDraft] = useState<{ text: string; problem: string } | null>(null);
  const shown = draft?.text ?? JSON.stringify(props.value, null, 2);
  const edit = (text: string) => {
    try {
      props.onChange(text.trim() === "" ? null : (JSON.parse(text) as Json));
      setDraft({ text, problem: "" });
    } catch (error) {
      setDraft({ text, problem: error instanceof Error ? error.message : "This is not JSON." });
    }
  };
  return (
    <>
      <textarea
        {...attributes(props)}
        aria-invalid={props.invalid || (draft !== null && draft.problem !== "") || undefined}
        className="textarea mono"
        rows={Math.min(16, Math.max(3, shown.split("\n").length))}
        value={shown}
        spellCheck={false}
        onChange={(event) => edit(event.target.value)}
        onBlur={() => setDraft((now) => (now?.problem ? now : null))}
      />
      {draft?.problem ? (
        <span className="field-error" role="status">
          {draft.problem}
        </span>
      ) : null}
    </>
  );
}
