import type { ReactNode } from "react";
import type { ToolRow } from "../api";
import { formatCount, plural } from "../figures";

/** What a person should know of a tool before an agent may use it. */
export function ToolCard({ tool }: { tool: ToolRow }) {
  return (
    <dl className="tool-card">
      <Told term="What it does">{tool.description}</Told>
      {tool.example ? <Told term="An example"><code className="mono">{tool.example}</code></Told> : null}
      {tool.touches ? <Told term="What it may touch">{tool.touches}</Told> : null}
      <Told term="If a call is cut off">{tool.if_cut_off}</Told>
      <Told term="Price">{tool.price_usd > 0 ? `$${tool.price_usd} for each call that is answered` : "None"}</Told>
      <Told term="Limits">{limitsOf(tool)}</Told>
      {tool.family ? <Told term="Family"><span className="mono">{tool.family}</span>: rights and rules about one hold for all of it</Told> : null}
      <Told term="In graphs and rules"><span className="mono">{tool.name}</span></Told>
    </dl>
  );
}

export function limitsOf({ terms, enabled }: Pick<ToolRow, "terms" | "enabled">): string {
  if (terms === null) return "Nothing on this server makes this tool any more: calls of it fail.";
  const parts = [
    `${formatCount(terms.timeout_s)} s for a try`,
    terms.retries > 0 ? `a call that fails for a while is made again up to ${plural(terms.retries, "time")}` : "a call that fails is not made again",
    terms.per_minute === null ? "as many calls as are asked for" : `at most ${plural(terms.per_minute, "call")} in a minute`,
  ];
  return `${parts.join(" · ")}${enabled ? "" : " · switched off for everybody now"}`;
}

function Told({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
