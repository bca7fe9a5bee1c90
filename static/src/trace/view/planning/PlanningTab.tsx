import type { Correction, Reflected } from "../../../contract";
import { formatExact, plural } from "../../../figures";
import type { PlanView } from "../../planning/plan";
import { messagesTo, worksIn, type Message, type ThoughtView, type Work } from "../../planning/works";
import { useTrace, useTraceStore } from "../../store";
import { PathLink } from "./PathLink";
import { ThoughtTree } from "./ThoughtTree";
import { ValueBar } from "./ValueBar";

/** What an agent planned, thought and was told in one attempt of its step. */
export function PlanningTab({ path }: { path: string }) {
  useTrace((view) => view.revision);
  const run = useTraceStore().getState().run;
  const works = worksIn(run, path);
  return (
    <div className="stack planning">
      {works.map((work) => (
        <WorkView key={work.base} work={work} title={works.length > 1 ? `${work.agent} · ${work.base}` : ""} />
      ))}
      <Messages messages={messagesTo(run, path)} />
    </div>
  );
}

function WorkView({ work, title }: { work: Work; title: string }) {
  return (
    <div className="stack">
      {title ? <h3 className="mono">{title}</h3> : null}
      {work.plan ? <Plan plan={work.plan} /> : null}
      {work.tree ? <ThoughtTree tree={work.tree} /> : null}
      {work.rounds.length > 0 ? <Rounds rounds={work.rounds} /> : null}
      {work.thoughts.length > 0 ? <Thoughts thoughts={work.thoughts} /> : null}
      {work.corrections.length > 0 ? <Corrections corrections={work.corrections} /> : null}
    </div>
  );
}

function Plan({ plan }: { plan: PlanView }) {
  const done = plan.steps.filter((step) => step.isDone).length;
  return (
    <section className="stack" aria-label="Plan">
      <h3>Plan <span className="muted">{done} of {plural(plan.steps.length, "step")} done</span></h3>
      <ol className="plan">
        {plan.steps.map((step, index) => (
          <li key={index} data-done={step.isDone}>
            <span className="plan-mark" aria-hidden="true">{step.isDone ? "✓" : index + 1}</span>
            <span>{step.text}<span className="visually-hidden">{step.isDone ? " (done)" : " (to do)"}</span></span>
          </li>
        ))}
      </ol>
      {plan.revisions.length > 1 ? (
        <details className="revisions">
          <summary>{plural(plan.revisions.length - 1, "change")} of plan</summary>
          {plan.revisions.map((revision) => (
            <div className="revision" key={revision.path}>
              <p>
                <strong>{revision.number === 1 ? "First plan" : revision.by ? `Changed by ${revision.by}` : "Changed by the agent"}</strong>{" "}
                <span className="muted">{formatExact(revision.atUs / 1_000)}</span>
              </p>
              {revision.why ? <p>{revision.why}</p> : null}
              <ol>
                {revision.steps.map((step, index) => (
                  <li key={index} data-done={index < revision.done}>{step}</li>
                ))}
              </ol>
            </div>
          ))}
        </details>
      ) : null}
    </section>
  );
}

function Thoughts({ thoughts }: { thoughts: readonly ThoughtView[] }) {
  return (
    <section className="stack" aria-label="Thoughts">
      <h3>Thoughts</h3>
      <ol className="thoughts">
        {thoughts.map(({ note, actions }) => (
          <li key={note.path}>
            <p>{note.text}</p>
            {actions.length === 0 ? <p className="muted">Nothing was done with it yet.</p> : null}
            {actions.map((action) => (
              <p className="muted" key={action.path}>then <PathLink path={action.path}>{action.name || action.kind}</PathLink></p>
            ))}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Rounds({ rounds }: { rounds: readonly Reflected[] }) {
  return (
    <section className="stack" aria-label="Reflections">
      <h3>Reflections</h3>
      {rounds.map((round) => (
        <article className="round" key={round.path}>
          <header className="row">
            <strong>Answer {round.round}</strong>
            <ValueBar value={round.score} />
            <span className="muted">{round.good ? "good enough" : "not good enough"}</span>
          </header>
          <p>{round.critique}</p>
          {round.lesson ? <p><span className="muted">Learnt: </span>{round.lesson}</p> : null}
        </article>
      ))}
    </section>
  );
}

const WRONG: Record<Correction["what"], string> = {
  unknown_tool: "A tool that there is not",
  bad_arguments: "Arguments that do not fit",
  bad_turn: "A turn that cannot be performed",
  looping: "Going round in circles",
  empty: "An empty answer",
  truncated: "An answer that was cut off",
  bad_answer: "An answer that does not fit",
};

function Corrections({ corrections }: { corrections: readonly Correction[] }) {
  return (
    <section className="stack" aria-label="Corrections">
      <h3>Corrections</h3>
      {corrections.map((correction) => (
        <article className="notice" data-tone="warn" key={correction.path}>
          <strong>{WRONG[correction.what]}</strong>
          <p>{correction.fault}</p>
          <p className="muted">{correction.left === 0 ? "It was the last correction." : `${plural(correction.left, "correction")} left.`}</p>
        </article>
      ))}
    </section>
  );
}

function Messages({ messages }: { messages: readonly Message[] }) {
  if (messages.length === 0) return null;
  return (
    <section className="stack" aria-label="What people said">
      <h3>What people said</h3>
      {messages.map((message) => (
        <MessageLine key={message.told.seq} message={message} />
      ))}
    </section>
  );
}

const STATE = { unread: "not read yet", late: "came too late: it was not read" } as const;

export function MessageLine({ message }: { message: Message }) {
  const { told, heard, before } = message;
  return (
    <article className="said" data-heard={heard}>
      <p className="prose">{told.text}</p>
      <p className="muted">
        {told.by || "Somebody"} · {heard === "read" ? <>read before <PathLink path={before}>{nameOfCall(before)}</PathLink></> : STATE[heard]}
      </p>
    </article>
  );
}

/** `help#1/step.2/model.1` is the first call of its conversation. */
function nameOfCall(path: string): string {
  return `model call ${path.slice(path.lastIndexOf(".") + 1)}`;
}
