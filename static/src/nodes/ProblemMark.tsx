import { CircleAlert, TriangleAlert } from "lucide-react";
import type { Problem } from "../contract";
import { plural } from "../figures";
import { severityOf, textOf } from "./problems";

interface ProblemMarkProps {
  problems: readonly Problem[];
  /** Makes the mark a button, for what cannot be grasped as easily as a card. */
  onSelect?: () => void;
}

/** Says on the canvas that something is wrong: its form tells errors from warnings, its text says what. */
export function ProblemMark({ problems, onSelect }: ProblemMarkProps) {
  const severity = severityOf(problems);
  if (severity === null) return null;
  const text = textOf(problems);
  const icon = severity === "error" ? <CircleAlert size={13} aria-hidden /> : <TriangleAlert size={13} aria-hidden />;
  if (onSelect) {
    return (
      <button type="button" className="problem-mark nopan" data-severity={severity} title={text} aria-label={text} onClick={onSelect}>
        {icon}
      </button>
    );
  }
  return (
    <span className="problem-mark" data-severity={severity} title={text}>
      {icon}
      <span className="visually-hidden">{plural(problems.length, "problem")}</span>
    </span>
  );
}
