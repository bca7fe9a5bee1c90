import { Download, Hand, Pause, PencilRuler, Play, Square } from "lucide-react";
import { useState, type ReactNode } from "react";
import { ApiError, sendCommand, tableUrl, type Command } from "../../api";
import { Dialog, StatusBadge, useNow } from "../../controls";
import { formatCompact, formatCost, formatCount, formatDuration, formatExact, formatRelative, isTerminal, plural } from "../../figures";
import { tablePath } from "../output";
import { nextQuestion, openQuestions } from "../questions";
import { useTrace, useTraceStore } from "../store";
import { useRunAbout } from "./RunContext";

export function RunHeader({ onOpen }: { onOpen: () => void }) {
  const { client, record, may } = useRunAbout();
  useTrace((view) => view.revision);
  const run = useTrace((view) => view.run);
  const link = useTrace((view) => view.link);
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState("");
  const status = run.lastSeq === 0 ? record.status : run.status;
  const isLive = !isTerminal(status);
  const now = useNow(isLive, 100);
  const command = (body: Command) => {
    setProblem("");
    sendCommand(client, record.id, body).catch((error: unknown) => setProblem(error instanceof ApiError ? `${error.message} ${error.cure}` : String(error)));
  };
  const endUs = run.endedUs ?? Math.max(now * 1_000, run.lastUs);
  const table = tablePath(run.output);
  const detector = status === "crashed" || status === "cancelled" ? run.detector : "";
  return (
    <header className="run-head">
      <div className="run-name">
        <a className="muted" href="/runs/">Runs</a>
        <span className="muted" aria-hidden="true">/</span>
        <h1>{record.graph.title}</h1>
        <span className="muted numeric">{record.version === null ? "draft" : `v${record.version}`}</span>
        <StatusBadge status={status} note={detector} />
        {record.parent_run ? <a href={`/runs/${record.parent_run}/`}>Started by another run</a> : null}
        {link === "reconnecting" && isLive ? <span className="muted" role="status">Reconnecting…</span> : null}
      </div>
      <dl className="run-sums numeric">
        <Sum term="Started"><time dateTime={record.created_at} title={formatExact(Date.parse(record.created_at))}>{formatRelative(Date.parse(record.created_at), now)}</time></Sum>
        <Sum term="Duration">{run.startedUs === 0 ? "–" : formatDuration(endUs - run.startedUs)}</Sum>
        <Sum term="Calls">{formatCount(run.usage.calls)}</Sum>
        <Sum term="Tokens" title={`${formatCount(run.usage.input_tokens)} in, ${formatCount(run.usage.output_tokens)} out`}>{formatCompact(run.usage.input_tokens + run.usage.output_tokens)}</Sum>
        <Sum term="Cost" title={run.usage.priced ? undefined : "Some calls have no known price"}>{formatCost(run.usage.cost_nano_usd)}{run.usage.priced ? "" : " +"}</Sum>
      </dl>
      <div className="run-actions">
        <QuestionButton onOpen={onOpen} />
        {table === null ? null : (
          <a className="button" href={tableUrl(client, record.id, table)} download>
            <Download aria-hidden /> CSV
          </a>
        )}
        <a className="button" href={`/graphs/${record.graph.slug}/`} aria-label="Open in editor">
          <PencilRuler aria-hidden /> <span className="wide-only">Open in editor</span>
        </a>
        {isLive && may.cancel ? (
          <>
            {status === "paused" ? (
              <button type="button" className="button" onClick={() => command({ type: "resume" })}><Play aria-hidden /> Resume</button>
            ) : (
              <button type="button" className="button" onClick={() => command({ type: "pause" })}><Pause aria-hidden /> Pause</button>
            )}
            <button type="button" className="button button-danger" onClick={() => setAsking(true)}><Square aria-hidden /> Cancel</button>
          </>
        ) : null}
      </div>
      {problem ? <p className="notice run-notice" data-tone="error" role="alert">{problem}</p> : null}
      {isAsking ? (
        <Dialog
          title="Cancel this run?"
          onClose={() => setAsking(false)}
          actions={
            <>
              <button type="button" className="button" onClick={() => setAsking(false)}>Keep it running</button>
              <button type="button" className="button button-danger" onClick={() => { setAsking(false); command({ type: "cancel" }); }}>Cancel the run</button>
            </>
          }
        >
          <p>What is finished stays finished and stays in the log. What is under way is stopped, and nothing new begins.</p>
        </Dialog>
      ) : null}
    </header>
  );
}

/** How many people are waited for; one click shows what they are asked. */
function QuestionButton({ onOpen }: { onOpen: () => void }) {
  const store = useTraceStore();
  const { may } = useRunAbout();
  const questions = openQuestions(useTrace((view) => view.run));
  if (questions.length === 0 || !may.answer) return null;
  const go = () => {
    const next = nextQuestion(questions, store.getState().selected);
    if (next) store.show(next.path);
    onOpen();
  };
  return (
    <button type="button" className="button button-primary" onClick={go}>
      <Hand aria-hidden /> {plural(questions.length, "question")}
    </button>
  );
}

function Sum({ term, title, children }: { term: string; title?: string | undefined; children: ReactNode }) {
  return (
    <div title={title}>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
