import { useState } from "react";
import { nameFault } from "./schema";

interface NameInputProps {
  label: string;
  name: string;
  others: readonly string[];
  disabled: boolean;
  onRename: (name: string) => void;
}

/** A name beside others. One that is taken is not passed on, or two entries would become one while somebody types. */
export function NameInput({ label, name, others, disabled, onRename }: NameInputProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const fault = draft === null ? null : nameFault(draft, others);
  const edit = (text: string) => {
    const isGood = nameFault(text, others) === null;
    setDraft(isGood ? null : text);
    if (isGood) onRename(text);
  };
  return (
    <div>
      <input className="input mono" aria-label={label} aria-invalid={fault !== null || undefined} value={draft ?? name} disabled={disabled} onChange={(event) => edit(event.target.value)} onBlur={() => setDraft(null)} />
      {fault ? <span className="field-error" role="status">{fault}</span> : null}
    </div>
  );
}
