import { Plus, Trash2 } from "lucide-react";
import type { Json } from "../contract";
import { NameInput } from "./NameInput";
import type { ControlProps } from "./controlsSimple";
import { isSchema } from "./schema";

/** Names, each with the expression that gives its value. */
export function ExpressionMap({ id, describedBy, value, disabled, onChange }: ControlProps) {
  const entries = Object.entries(isSchema(value) ? value : {});
  const write = (next: readonly (readonly [string, Json])[]) => onChange(Object.fromEntries(next));
  const put = (index: number, name: string, expression: Json) => write(entries.map((entry, at) => (at === index ? [name, expression] : entry)));
  const isTaken = (name: string) => entries.some(([other]) => other === name);
  const fresh = () => {
    let number = entries.length + 1;
    while (isTaken(`name_${number}`)) number += 1;
    return `name_${number}`;
  };
  return (
    <div className="schema-control" id={id} role="group" aria-describedby={describedBy}>
      {entries.map(([name, expression], index) => (
        <div className="expression-row" key={index}>
          <NameInput label="Name" name={name} others={entries.filter((_, at) => at !== index).map(([other]) => other)} disabled={disabled} onRename={(next) => put(index, next, expression)} />
          <input
            className="input mono"
            aria-label={`Expression for ${name}`}
            placeholder="output.score"
            spellCheck={false}
            value={typeof expression === "string" ? expression : JSON.stringify(expression)}
            disabled={disabled}
            onChange={(event) => put(index, name, event.target.value)}
          />
          <button type="button" className="button button-quiet button-icon" aria-label={`Remove ${name}`} title={`Remove ${name}`} disabled={disabled} onClick={() => write(entries.filter((_, at) => at !== index))}>
            <Trash2 aria-hidden />
          </button>
        </div>
      ))}
      <button type="button" className="button" disabled={disabled} onClick={() => write([...entries, [fresh(), ""]])}>
        <Plus aria-hidden /> Add
      </button>
    </div>
  );
}
