import type { RunEnd, RunWanted } from "../../contract";
import { JsonView, StatusBadge, type TabSpec } from "../../controls";
import { isStatus } from "../../figures";
import { isSchema } from "../../forms";
import type { EffectState } from "../state";
import { Fact, Facts } from "./Facts";

/** A run that this one started, or whose end it waits for. */
export function childRunTabs(effect: EffectState): TabSpec[] {
  if (effect.kind === "start_run") return [{ id: "child", title: "Run", content: () => <Started effect={effect} /> }];
  return [{ id: "child", title: "Run", content: () => <Ended effect={effect} /> }];
}

function Started({ effect }: { effect: EffectState }) {
  const { graph = "", input = null }: Partial<RunWanted> = isSchema(effect.request) ? (effect.request as unknown as RunWanted) : {};
  const run = runOf(effect.result);
  return (
    <div className="stack">
      <Facts>
        <Fact term="Graph">{graph ? <a href={`/graphs/${encodeURIComponent(graph)}/`}>{graph}</a> : "Unknown"}</Fact>
        <Fact term="Run">{run ? <RunLink run={run} /> : "Not started"}</Fact>
      </Facts>
      <section className="stack">
        <h3>What it was given</h3>
        <JsonView value={input} label="input" />
      </section>
    </div>
  );
}

function Ended({ effect }: { effect: EffectState }) {
  const run = runOf(effect.result) || runOf(effect.request);
  const end: Partial<RunEnd> = isSchema(effect.result) ? (effect.result as unknown as RunEnd) : {};
  const status = end.status && isStatus(end.status) ? end.status : null;
  return (
    <div className="stack">
      <Facts>
        <Fact term="Run">{run ? <RunLink run={run} /> : "Unknown"}</Fact>
        <Fact term="How it ended">{status ? <StatusBadge status={status} /> : effect.endedUs === null ? "It is still going: this run waits for it" : "Nobody waited for its end"}</Fact>
      </Facts>
      {end.message ? (
        <div className="notice" data-tone="error">
          <strong>{end.message}</strong>
          {end.cure ? <p>{end.cure}</p> : null}
        </div>
      ) : null}
      {status === "succeeded" ? (
        <section className="stack">
          <h3>What it gave</h3>
          <JsonView value={end.output ?? null} label="output" />
        </section>
      ) : null}
    </div>
  );
}

function runOf(value: EffectState["result"]): string {
  return isSchema(value) && typeof value.run === "string" ? value.run : "";
}

function RunLink({ run }: { run: string }) {
  return <a className="mono" href={`/runs/${encodeURIComponent(run)}/`}>{run}</a>;
}
