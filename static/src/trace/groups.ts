/** Parts of an agent's work that have no event of their own: `help#1/step.2/model.1` lies in "Step 2". */

/** `{n}` is the number of the part. */
const GROUPS: Record<string, string> = {
  plan: "Plan",
  step: "Step {n}",
  replan: "Look at the plan after step {n}",
  review: "Review before step {n}",
  depth: "Depth {n}",
  visit: "Visit {n}",
  attempt: "Answer {n}",
  critique: "Critique {n}",
  answer: "Answer",
  fallback: "Less ambitious task",
};

/** Parts that hold one call each: they are told beside the call. */
const BESIDE: Record<string, string> = {
  from: "new thoughts {n}",
  sample: "sample {n}",
  value: "judgement {n}",
  vote: "vote {n}",
};

const PART = /^([a-z]+)(?:\.(\d+))?$/;

function worded(part: string, words: Record<string, string>): string {
  const found = PART.exec(part);
  const pattern = found?.[1] !== undefined && Object.hasOwn(words, found[1]) ? (words[found[1]] ?? "") : "";
  return pattern.replace("{n}", found?.[2] ?? "").trim();
}

export interface Group {
  path: string;
  name: string;
}

/** The groups between `inside`, a span, and what has this path, from the outside in. */
export function groupsBetween(inside: string, path: string): Group[] {
  const groups: Group[] = [];
  const parts = between(inside, path);
  for (let end = 1; end <= parts.length; end += 1) {
    const name = worded(parts[end - 1] ?? "", GROUPS);
    if (name) groups.push({ path: [...(inside ? [inside] : []), ...parts.slice(0, end)].join("/"), name });
  }
  return groups;
}

/** What is told beside a call: which of several like it this is. */
export function besideOf(inside: string, path: string): string {
  return between(inside, path)
    .map((part) => worded(part, BESIDE))
    .filter(Boolean)
    .join(", ");
}

function between(inside: string, path: string): string[] {
  return (inside ? path.slice(inside.length + 1) : path).split("/").slice(0, -1);
}
