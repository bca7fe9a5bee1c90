import { useId, type ReactNode } from "react";

interface FieldProps {
  title: string;
  hint?: string;
  required?: boolean;
  problems?: readonly string[];
  aside?: ReactNode;
  children: (ids: { id: string; describedBy: string | undefined; invalid: boolean }) => ReactNode;
}

/** A labelled control with its hint and what is wrong with it. */
export function Field({ title, hint = "", required = false, problems = [], aside, children }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  const problemId = `${id}-problem`;
  const described = [hint ? hintId : "", problems.length > 0 ? problemId : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <div className="field-top">
        <label className="field-label" htmlFor={id}>
          {title}
          {required ? <span aria-hidden="true"> *</span> : null}
        </label>
        {aside}
      </div>
      {children({ id, describedBy: described || undefined, invalid: problems.length > 0 })}
      {hint ? (
        <p className="field-hint" id={hintId}>
          {hint}
        </p>
      ) : null}
      {problems.length > 0 ? (
        <div className="field-error" id={problemId}>
          {problems.map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
        </div>
      ) : null}
    </div>
  );
}
