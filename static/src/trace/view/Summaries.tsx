import type { Summarised } from "../../contract";
import { formatCount, plural } from "../../figures";

/** What of a conversation the model was sent in fewer words from some turn on. */
export function Summaries({ of: summaries }: { of: readonly Summarised[] }) {
  if (summaries.length === 0) return null;
  return (
    <section className="stack">
      <h3>Summarised away</h3>
      {summaries.map((summary) => (
        <details className="decision" key={summary.seq}>
          <summary>
            {plural(summary.messages, "message")} <span className="muted">{`${formatCount(summary.tokens_before)} tokens, now ${formatCount(summary.tokens_after)}`}</span>
          </summary>
          <p>{summary.text}</p>
        </details>
      ))}
    </section>
  );
}
