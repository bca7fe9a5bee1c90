import type { Problem } from "../contract";

/** Problems by the field they concern, as forms want them. */
export function byField(problems: readonly Problem[]): Map<string, string[]> {
  const index = new Map<string, string[]>();
  for (const problem of problems) {
    if (problem.field === null) continue;
    const field = problem.field.replace(/^params\./, "");
    index.set(field, [...(index.get(field) ?? []), `${problem.message} ${problem.cure}`.trim()]);
  }
  return index;
}
