import { formatCost, formatCount, formatDuration, formatExact, isBad, plural, STATUS_WORD } from "../../figures";
import type { GateDecision } from "../../contract";
import { isWithin } from "../path";
import type { Span } from "../spans";
import { stepAt } from "../state";
import { useTrace, useTraceStore } from "../store";
import { Attempts } from "./Attempts";
import { ErrorBlock } from "./ErrorBlock";
import { Fact, Facts } from "./Facts";
import { Summaries } from "./Summaries";

export function Overview({ span }: { span: Span }) {
  const store = useTraceStore();
  const run = useTrace((view) => view.run);
  const effect = run.effects.get(span.path);
  const step = stepAt(run, span.path);
  const decisions = run.decisions.filter((decision) => span.path !== "" && isWithin(decision.path, span.path));
  const summaries = run.notes.flatMap((note) => (note.type === "summarised" ? [note] : [])).filter((summary) => span.path !== "" && isWithin(summary.path, span.path));
  const { usage } = span;
  return (
    <div className="stack">
      {span.error ? <ErrorBlock error={span.error} {...(span.error.path === span.path ? {} : { onGo: store.show })} /> : null}
      {span.sort === "run" && run.status === "crashed" ? <p className="notice" data-tone="error">The platform gave up on this run. Found by {run.detector}.</p> : null}
      {effect && effect.attempts > 1 ? <p className="notice" data-tone="warn">A former worker had begun this. It was done again, under the same key.</p> : null}
      {effect?.adopted ? <p className="notice" data-tone="warn">Another build of Baton recorded this result. The present one asks in other words and took it over.</p> : null}
      <Facts>
        <Fact term="Status">{STATUS_WORD[span.status]}</Fact>
        <Fact term="Started">{span.startUs ? formatExact(span.startUs / 1_000) : "Not yet"}</Fact>
        <Fact term="Duration">{span.endUs === null ? "Still going" : formatDuration(span.endUs - span.startUs)}</Fact>
        {usage.calls > 0 ? (
          <>
            <Fact term="Model calls">{formatCount(usage.calls)}</Fact>
            <Fact term="Tokens">
              {formatCount(usage.input_tokens)} in · {formatCount(usage.output_tokens)} out
              {usage.cached_tokens > 0 ? ` · ${formatCount(usage.cached_tokens)} cached` : ""}
            </Fact>
            <Fact term="Cost">{formatCost(usage.cost_nano_usd)}{usage.priced ? "" : " (some prices unknown)"}</Fact>
          </>
        ) : null}
        {effect?.agent ? <Fact term="Agent">{effect.agent}</Fact> : null}
        {effect?.kind === "tool" ? <Fact term="Safety">{effect.safety}</Fact> : null}
        {effect?.by ? <Fact term="Answered by">{effect.by}</Fact> : null}
        {step && step.attempts.length > 1 ? <Fact term="Attempts">{formatCount(step.attempts.length)}</Fact> : null}
        {span.sort === "run" ? <Fact term="Worker">{run.worker || "None yet"}{run.takeovers > 0 ? `, after ${plural(run.takeovers, "takeover")}` : ""}</Fact> : null}
        {span.sort === "run" && run.build ? <Fact term="Build"><span className="mono">{run.build}</span></Fact> : null}
        {span.path ? <Fact term="Path"><span className="mono">{span.path}</span></Fact> : null}
        {effect?.idempotencyKey ? <Fact term="Idempotency key"><span className="mono">{effect.idempotencyKey}</span></Fact> : null}
      </Facts>
      {effect && effect.failures.length > 0 ? <Attempts effect={effect} /> : null}
      {effect?.gate ? <Gate gate={effect.gate} /> : null}
      {decisions.length > 0 ? (
        <section className="stack">
          <h3>Decisions</h3>
          {decisions.map((decision) => (
            <div className="decision" key={decision.seq}>
              <strong>{decision.chosen}</strong> <span className="muted">{decision.what}</span>
              {decision.why ? <p>{decision.why}</p> : null}
              {decision.options.length > 0 ? <p className="muted">of {decision.options.join(", ")}</p> : null}
            </div>
          ))}
        </section>
      ) : null}
      <Summaries of={summaries} run={run} />
      {span.children.length > 0 && !isBad(span.status) ? <p className="muted">{plural(span.children.length, "span")} directly below.</p> : null}
    </div>
  );
}

const VERDICT: Record<GateDecision["verdict"], string> = { allow: "Allowed", deny: "Refused", ask: "A person must approve" };

function Gate({ gate }: { gate: GateDecision }) {
  return (
    <section className="gate" data-verdict={gate.verdict}>
      <h3>Gate: {VERDICT[gate.verdict]}</h3>
      {gate.reason ? <p>{gate.reason}</p> : null}
      <p className="muted">
        By {gate.layer}
        {gate.rule ? <>, rule <span className="mono">{gate.rule}</span></> : null}
        {gate.policy_version === null ? "" : `, policy version ${gate.policy_version}`}
      </p>
    </section>
  );
}
