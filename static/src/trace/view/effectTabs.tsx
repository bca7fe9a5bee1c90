import type { Json, Message, ModelReply } from "../../contract";
import { FileCard, JsonView, asFile, type TabSpec } from "../../controls";
import { formatCount } from "../../figures";
import type { EffectState } from "../state";
import { useTrace } from "../store";
import { AnswerPanel } from "./AnswerPanel";
import { childRunTabs } from "./childRunTabs";
import { recallTabs, rememberTabs } from "./memoryTabs";

/** What was asked of the world and what came back, by the kind of effect. */
export function EffectTabs(effect: EffectState): TabSpec[] {
  if (effect.kind === "model") {
    return [
      { id: "messages", title: "Messages", content: () => <Messages request={effect.request} /> },
      { id: "response", title: "Response", content: () => <Response effect={effect} /> },
    ];
  }
  if (effect.kind === "human") return [{ id: "answer", title: effect.status === "waiting" ? "Answer" : "Request", content: () => <AnswerPanel key={effect.path} effect={effect} /> }];
  if (effect.kind === "recall") return recallTabs(effect);
  if (effect.kind === "remember") return rememberTabs(effect);
  if (effect.kind === "start_run" || effect.kind === "run") return childRunTabs(effect);
  return [
    { id: "arguments", title: "Arguments", content: () => <JsonView value={effect.request} label="arguments" /> },
    { id: "result", title: "Result", content: () => (effect.status === "succeeded" ? <JsonView value={effect.result} label="result" /> : <p className="muted">No result.</p>) },
  ];
}

function property(value: Json, name: string): Json {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value[name] ?? null) : null;
}

function Messages({ request }: { request: Json }) {
  const messages = property(request, "messages");
  if (!Array.isArray(messages)) return <JsonView value={request} label="request" />;
  const tools = property(request, "tools");
  return (
    <div className="stack">
      <p className="muted">
        To <span className="mono">{String(property(request, "model") ?? "")}</span>
        {Array.isArray(tools) && tools.length > 0 ? ` with ${formatCount(tools.length)} tools: ${tools.map((tool) => String(property(tool, "name") ?? "")).join(", ")}` : ""}
      </p>
      {messages.map((message, index) => (
        <MessageCard key={index} message={message} />
      ))}
    </div>
  );
}

function MessageCard({ message }: { message: Json }) {
  const role = property(message, "role");
  const content = property(message, "content");
  const reasoning = property(message, "reasoning");
  const requests = property(message, "tool_requests");
  if (typeof role !== "string") return <JsonView value={message} label="message" />;
  return (
    <article className="message" data-role={role}>
      <header>
        {role}
        {property(message, "name") ? <span className="muted"> {String(property(message, "name"))}</span> : null}
      </header>
      {reasoning ? <p className="message-reasoning">{typeof reasoning === "string" ? reasoning : <JsonView value={reasoning} label="reasoning" />}</p> : null}
      {Array.isArray(content) ? content.map((part, index) => <Part key={index} part={part} role={role} />) : content === null ? null : <JsonView value={content} label={`${role} message`} />}
      {Array.isArray(requests)
        ? requests.map((request, index) => (
            <p className="message-call mono" key={index}>
              {String(property(request, "name") ?? "")}({String(property(request, "arguments") ?? "")})
            </p>
          ))
        : null}
    </article>
  );
}

/** A text as it is read, a file as it looks, anything else as it was recorded. */
function Part({ part, role }: { part: Json; role: string }) {
  const file = asFile(part);
  if (file) return <FileCard file={file} />;
  const text = property(part, "text");
  return typeof text === "string" ? <p className="message-text">{text}</p> : <JsonView value={part} label={`${role} message`} />;
}

function Response({ effect }: { effect: EffectState }) {
  const streamed = useTrace((view) => view.streams[effect.path] ?? "");
  if (effect.status === "running") {
    return streamed === "" ? (
      <p className="muted">Waiting for the first words…</p>
    ) : (
      <article className="message" data-role="assistant" aria-live="off">
        <header>assistant, as it comes</header>
        <p className="message-text">{streamed}<span className="caret" aria-hidden="true" /></p>
      </article>
    );
  }
  if (effect.status !== "succeeded") return <p className="muted">There was no reply.</p>;
  const reply = effect.result as unknown as Partial<ModelReply> & { $blob?: string };
  if (!reply || reply.$blob !== undefined || !reply.message) return <JsonView value={effect.result} label="reply" />;
  return (
    <div className="stack">
      {reply.demo ? (
        <p className="notice" data-tone="warn">
          <strong>Demo model, no LLM.</strong> This answer was computed from the input by simple rules.
        </p>
      ) : null}
      <p className="muted">
        From <span className="mono">{reply.model}</span> · ended by {reply.finish}
      </p>
      <MessageCard message={reply.message as Message as unknown as Json} />
    </div>
  );
}
