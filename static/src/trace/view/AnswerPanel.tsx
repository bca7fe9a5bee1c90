import { useCallback, useContext, useEffect, useMemo, useState } from "react";
import { ApiError, sendCommand, uploadFile } from "../../api";
import type { HumanRequest, Json } from "../../contract";
import { BlobContext, JsonView } from "../../controls";
import { AnswerFields, Field, FormContext, firstAnswer, isSchema } from "../../forms";
import { formatExact, plural } from "../../figures";
import { nextQuestion, openQuestions } from "../questions";
import type { EffectState } from "../state";
import { useTrace, useTraceStore } from "../store";
import { isInParts, wholeValue } from "../wholeValue";
import { useRunAbout } from "./RunContext";

/** A question to a person. What was too big for the log is fetched first: an answer is to all of it. */
export function AnswerPanel({ effect }: { effect: EffectState }) {
  const load = useContext(BlobContext);
  const [whole, setWhole] = useState<Json | undefined>(() => (isInParts(effect.request) ? undefined : effect.request));
  const [problem, setProblem] = useState("");
  const fetchWhole = useCallback(() => {
    if (!load) return;
    wholeValue(effect.request, load).then(setWhole, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  }, [load, effect.request]);
  useEffect(() => {
    if (whole === undefined) fetchWhole();
  }, [whole, fetchWhole]);
  if (whole !== undefined) return <Question effect={effect} request={readRequest(whole)} />;
  if (!problem) return <p className="loading" role="status">Loading all of the question…</p>;
  const again = () => {
    setProblem("");
    fetchWhole();
  };
  return (
    <div className="notice" data-tone="error" role="alert">
      <strong>The question could not be loaded whole.</strong>
      <p>{problem}</p>
      <button type="button" className="button" onClick={again}>Try again</button>
    </div>
  );
}

/** Exactly what will be done, and the ways to answer. */
function Question({ effect, request }: { effect: EffectState; request: HumanRequest }) {
  const { may } = useRunAbout();
  const isWaiting = effect.status === "waiting";
  const isInForm = isWaiting && may.answer && editsWholePayload(request);
  return (
    <div className="stack">
      <h3>{request.title}</h3>
      {request.message ? <p className="prose">{request.message}</p> : null}
      {request.payload === null || isInForm ? null : (
        <section className="stack">
          <span className="field-label">{request.mode === "approval" ? "Exactly this will be done" : "What it is about"}</span>
          <Shown value={request.payload} label="payload" />
        </section>
      )}
      <p className="muted digest">
        {request.digest ? <span title={`Your answer holds for exactly this content: ${request.digest}`}>Digest <span className="mono">{request.digest.slice(0, 12)}…</span></span> : null}
        {request.deadline_us ? ` Until ${formatExact(request.deadline_us / 1_000)}` : ""}
      </p>
      {isWaiting ? <AnswerForm effect={effect} request={request} /> : <Answered effect={effect} />}
    </div>
  );
}

/** A text as a person reads it, anything else as a tree. */
function Shown({ value, label }: { value: Json; label: string }) {
  return typeof value === "string" ? <p className="prose prose-card" role="group" aria-label={label}>{value}</p> : <JsonView value={value} label={label} />;
}

/** Whether the form begins with all that is shown, so that showing it twice says nothing. */
function editsWholePayload({ mode, payload, answer_schema: schema }: HumanRequest): boolean {
  return mode === "review" && typeof payload === "string" && schema !== null && schema.type === "string";
}

/** Where one way to answer is to edit, what comes back unchanged is no value. A changed one goes along: it is refused, never ignored. */
function valueFor(action: string, value: Json, request: HumanRequest): Json {
  const isUnchanged = JSON.stringify(value) === JSON.stringify(firstValue(request));
  return action !== "edit" && isUnchanged && request.actions.some((one) => one.name === "edit") ? null : value;
}

/** The request as it was recorded; fields at their default may have been left out. */
function readRequest(recorded: Json): HumanRequest {
  const known = isSchema(recorded) ? Object.fromEntries(Object.entries(recorded).filter(([, value]) => value !== null)) : {};
  const request: HumanRequest = { mode: "question", title: "A question", message: "", payload: null, actions: [], answer_schema: null, digest: "", tool: "", deadline_us: null, ...known };
  return { ...request, actions: Array.isArray(request.actions) ? request.actions : [] };
}

function Answered({ effect }: { effect: EffectState }) {
  return (
    <section className="stack">
      <span className="field-label">{effect.by ? `Answered by ${effect.by}` : "No answer was given"}</span>
      {effect.result === null ? null : <JsonView value={effect.result} label="answer" />}
      <NextQuestion path={effect.path} />
    </section>
  );
}

function NextQuestion({ path }: { path: string }) {
  const store = useTraceStore();
  useTrace((view) => view.revision);
  const { may } = useRunAbout();
  const questions = openQuestions(store.getState().run).filter((one) => one.path !== path);
  const next = nextQuestion(questions, path);
  if (!next || !may.answer) return null;
  return (
    <div>
      <button type="button" className="button" onClick={() => store.show(next.path)}>
        Next of {plural(questions.length, "question")}
      </button>
    </div>
  );
}

function firstValue({ answer_schema: schema, payload, mode }: HumanRequest): Json {
  return firstAnswer(schema, payload, mode === "review");
}

const STYLE: Record<string, string> = { primary: "button-primary", danger: "button-danger" };

function AnswerForm({ effect, request }: { effect: EffectState; request: HumanRequest }) {
  const { client, record, may } = useRunAbout();
  const [value, setValue] = useState<Json>(() => firstValue(request));
  const [comment, setComment] = useState("");
  const [sent, setSent] = useState("");
  const [problem, setProblem] = useState<ApiError | null>(null);
  const choices = useMemo(() => ({ agents: [], tools: [], models: [], onUpload: (file: File) => uploadFile(client, file) }), [client]);
  if (!may.answer) return <p className="notice" data-tone="info">You may watch this run, but not answer for it.</p>;
  if (request.tool && record.left_to_others.includes(request.tool)) return <p className="notice" data-tone="info">Somebody else must approve it: you started this run.</p>;
  const answer = (action: string) => {
    setProblem(null);
    setSent(action);
    sendCommand(client, record.id, { type: "answer", path: effect.path, action, value: valueFor(action, value, request), comment, digest: request.digest }).catch((error: unknown) => {
      setSent("");
      setProblem(error instanceof ApiError ? error : new ApiError(0, "unknown", String(error), "", null));
    });
  };
  return (
    <form className="stack answer" onSubmit={(event) => event.preventDefault()}>
      <FormContext value={choices}>
        {request.answer_schema ? <AnswerFields schema={request.answer_schema} value={value} onChange={setValue} /> : null}
      </FormContext>
      <Field title="Comment">
        {(ids) => <textarea id={ids.id} className="textarea" rows={2} value={comment} onChange={(event) => setComment(event.target.value)} />}
      </Field>
      {problem ? (
        <div className="notice" data-tone={problem.status === 409 ? "warn" : "error"} role="alert">
          <strong>{problem.message}</strong>
          {problem.cure ? <p>{problem.cure}</p> : null}
        </div>
      ) : null}
      {sent ? (
        <>
          <p className="muted" role="status">Sent. The run goes on as soon as a worker has it.</p>
          <NextQuestion path={effect.path} />
        </>
      ) : (
        <div className="row">
          {request.actions.map((action) => (
            <button key={action.name} type="button" className={`button ${STYLE[action.style] ?? ""}`} onClick={() => answer(action.name)}>
              {action.title}
            </button>
          ))}
        </div>
      )}
    </form>
  );
}
