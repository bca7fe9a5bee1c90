import { formatCount, formatDuration } from "../../figures";
import type { Usage } from "../../contract";
import type { EffectState } from "../state";

/** The tries at a provider before the one that counts: why each failed, what it cost, and the wait after it. */
export function Attempts({ effect }: { effect: EffectState }) {
  return (
    <section className="stack">
      <h3>Failed attempts</h3>
      <ol className="attempts">
        {effect.failures.map((failure) => (
          <li key={`${failure.atUs} ${failure.attempt}`}>
            <strong>{failure.error.message}</strong> <span className="mono error-code">{failure.error.code}</span>
            <p className="muted numeric">
              {tokens(failure.usage)} · tried again after {formatDuration(failure.retryInS * 1e6)}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function tokens(usage: Usage | null): string {
  if (!usage) return "No tokens";
  return `${usage.estimated ? "At most " : ""}${formatCount(usage.input_tokens)} in, ${formatCount(usage.output_tokens)} out`;
}
