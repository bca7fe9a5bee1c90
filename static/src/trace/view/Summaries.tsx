import type { Summarised } from "../../contract";
import { JsonView } from "../../controls";
import { formatCount, plural } from "../../figures";
import { originOf } from "../summaries";
import type { RunState } from "../state";
import { PathLink } from "./planning/PathLink";

/** What of a conversation the model was sent in fewer words from some turn on. */
export function Summaries({ of: summaries, run }: { of: readonly Summarised[]; run: RunState }) {
  if (summaries.length === 0) return null;
  return (
    <section className="stack" aria-label="Summarised away">
      <h3>Summarised away</h3>
      {summaries.map((summary) => (
        <Summary key={summary.seq} summary={summary} run={run} />
      ))}
    </section>
  );
}

function Summary({ summary, run }: { summary: Summarised; run: RunState }) {
  const { messages, tokens_before: before, tokens_after: after } = summary;
  const origin = originOf(summary, run);
  const share = before > 0 ? Math.min(1, after / before) : 1;
  return (
    <article className="summarised">
      <header className="row">
        <strong>{plural(messages, "message")}</strong>
        <span className="value" title="What is left of the tokens">
          <span className="value-bar" aria-hidden="true"><span style={{ width: `${share * 100}%` }} /></span>
          <span className="muted numeric">{`${formatCount(before)} tokens, now ${formatCount(after)}`}</span>
        </span>
      </header>
      <p className="prose">{summary.text}</p>
      {origin ? (
        <details>
          <summary>What it stands for</summary>
          {typeof origin.said === "string" ? <p className="prose prose-card">{origin.said}</p> : <JsonView value={origin.said} label="what was summarised" />}
          <p className="field-hint">Summarised by <PathLink path={origin.path}>this model call</PathLink>.</p>
        </details>
      ) : null}
    </article>
  );
}
