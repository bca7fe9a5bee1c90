import { useState } from "react";
import { ApiError, sendMessage } from "../../../api";
import { agentAt } from "../../agents";
import { activationKey } from "../../path";
import { isAtWork, messagesTo, onTheWay, type Sent } from "../../planning/works";
import type { Span } from "../../spans";
import { stepAt } from "../../state";
import { useTrace, useTraceStore } from "../../store";
import { MessageLine } from "./PlanningTab";
import { useRunAbout } from "../RunContext";

export const LONGEST_MESSAGE = 10_000;
const SHOWN = 3;

/** A line to the agent at work in a step; nothing where none works, or where one may not speak. `isListed`: what was said stands above it. */
export function SayToAgent({ span, isListed }: { span: Span; isListed: boolean }) {
  const { record, kinds, may } = useRunAbout();
  const run = useTrace((view) => view.run);
  const step = stepAt(run, span.path);
  if (!step || span.sort !== "step" || !isAtWork(step.status) || !may.answer) return null;
  const agent = agentAt(record.document, kinds, step.node);
  return agent ? <Speech key={step.key} to={activationKey(step.scope, step.node, step.activation)} name={agent.name} isListed={isListed} /> : null;
}

function Speech({ to, name, isListed }: { to: string; name: string; isListed: boolean }) {
  const { client, record } = useRunAbout();
  useTrace((view) => view.revision);
  const store = useTraceStore();
  const messages = messagesTo(store.getState().run, to);
  const [text, setText] = useState("");
  const [sent, setSent] = useState<readonly Sent[]>([]);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const say = () => {
    const one: Sent = { text, afterSeq: store.getState().run.lastSeq };
    setProblem(null);
    setText("");
    setSent((before) => [...before, one]);
    sendMessage(client, record.id, to, text).catch((error: unknown) => {
      setSent((before) => before.filter((other) => other !== one));
      setText(one.text);
      setProblem(error instanceof ApiError ? error : new ApiError(0, "unknown", String(error), "", null));
    });
  };
  return (
    <form
      className="speech stack"
      aria-label={`Say something to ${name}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) say();
      }}
    >
      {(isListed ? [] : messages.slice(-SHOWN)).map((message) => (
        <MessageLine key={message.told.seq} message={message} />
      ))}
      {onTheWay(sent, messages).map((one, index) => (
        <article className="said" data-heard="unread" key={index}>
          <p className="prose">{one.text}</p>
          <p className="muted" role="status">You · not read yet</p>
        </article>
      ))}
      {problem ? (
        <div className="notice" data-tone={problem.status === 409 ? "warn" : "error"} role="alert">
          <strong>{problem.message}</strong>
          {problem.cure ? <p>{problem.cure}</p> : null}
        </div>
      ) : null}
      <div className="speech-line">
        <textarea
          className="textarea"
          rows={1}
          aria-label={`Say something to ${name}`}
          placeholder={`Say something to ${name}`}
          maxLength={LONGEST_MESSAGE}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            if (text.trim()) say();
          }}
        />
        <button type="submit" className="button button-primary" disabled={text.trim() === ""}>Say</button>
      </div>
    </form>
  );
}
