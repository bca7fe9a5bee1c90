/* Generated from the Python definitions by `make contract`; never edited by hand. */

export type Json = null | boolean | number | string | Json[] | {[name: string]: Json};

/**
 * How a channel takes a new value in.
 */
export type ReducerName = "last" | "append" | "extend" | "merge" | "sum" | "max" | "min";
/**
 * How many incoming edges must have carried something before a node fires.
 */
export type FiringRule = "all" | "any" | "n_of";
/**
 * What a failed node does after its last attempt.
 */
export type OnError = "fail" | "port" | "default";
/**
 * Any event of a run's log.
 */
export type RunEvent =
  | RunStarted
  | RunClaimed
  | RunSuspended
  | RunPaused
  | RunUnpaused
  | RunSucceeded
  | RunFailed
  | RunCancelled
  | RunCrashed
  | RunLimitExceeded
  | ScopeStarted
  | ScopeFinished
  | NodeStarted
  | NodeFinished
  | NodeFailed
  | NodeRetrying
  | NodeSkipped
  | EffectStarted
  | EffectFinished
  | EffectFailed
  | EffectRefused
  | EffectUnknown
  | Decision;
/**
 */
export type ErrorCode =
  | "invalid_graph"
  | "invalid_input"
  | "invalid_params"
  | "invalid_output"
  | "expression_failed"
  | "limit_exceeded"
  | "timeout"
  | "refused"
  | "rejected"
  | "tool_failed"
  | "outcome_unknown"
  | "model_unknown"
  | "model_auth"
  | "model_rate_limited"
  | "model_unavailable"
  | "model_timeout"
  | "model_bad_request"
  | "model_bad_reply"
  | "model_stream_cut"
  | "replay_diverged"
  | "no_route"
  | "internal";
/**
 * What may be done when nobody knows whether a call happened.
 */
export type Safety = "pure" | "idempotent" | "unsafe";
/**
 */
export type Verdict = "allow" | "deny" | "ask";
/**
 */
export type Severity = "error" | "warning";
/**
 */
export type Role = "system" | "user" | "assistant" | "tool";
/**
 */
export type RunStatus =
  "queued" | "running" | "waiting" | "paused" | "succeeded" | "failed" | "cancelled" | "crashed" | "limit_exceeded";
/**
 */
export type NodeStatus = "running" | "retrying" | "succeeded" | "failed" | "skipped" | "cancelled";
/**
 */
export type EffectStatus = "running" | "waiting" | "succeeded" | "failed" | "refused" | "unknown" | "cancelled";

/**
 * Everything that has a type on both sides.
 */
export interface Contract {
  graph: Graph;
  event: RunEvent;
  kind: NodeKindSchema;
  problem: Problem;
  error: ErrorInfo;
  human_request: HumanRequest;
  human_answer: HumanAnswer;
  model_request: ModelRequest;
  model_reply: ModelReply;
  run_status: RunStatus;
  node_status: NodeStatus;
  effect_status: EffectStatus;
}
/**
 * The whole document. `inputs` is the JSON Schema of the run's input; `files` are names
 * of files shipped with the graph, which its tools may look things up in.
 */
export interface Graph {
  schema_version: 1;
  title: string;
  description: string;
  inputs: {
    [k: string]: Json;
  };
  agents: {
    [k: string]: Agent | LibraryAgent;
  };
  channels: {
    [k: string]: Channel;
  };
  nodes: Node[];
  edges: Edge[];
  limits: Limits;
  layout: {
    [k: string]: Position;
  };
}
/**
 * One agent of a graph or of the library.
 *
 * `instructions` is a template: `{{ expression }}` is replaced by its value.
 * `output_schema` is a JSON Schema; with it the agent answers with data that satisfies it.
 */
export interface Agent {
  name: string;
  /**
   * As LiteLLM names it, such as openai/gpt-5-mini
   */
  model: string;
  instructions: string;
  tools: string[];
  limits: AgentLimits;
  output_schema: {
    [k: string]: Json;
  } | null;
  temperature: number | null;
  max_output_tokens: number | null;
}
/**
 * Where an agent stops, whatever its model says.
 */
export interface AgentLimits {
  max_iterations: number;
  max_seconds: number;
  max_tokens: number;
  max_repairs: number;
  max_tool_calls_per_turn: number;
}
/**
 * A reference to an agent of the tenant's library; resolved when a version is made.
 */
export interface LibraryAgent {
  /**
   * Slug of the agent in the library
   */
  library: string;
}
/**
 * Shared state of a run: read as `state.<name>`, written through `writes`.
 */
export interface Channel {
  reducer: ReducerName;
  initial: Json;
}
/**
 */
export interface Node {
  id: string;
  kind: string;
  kind_version: number;
  title: string;
  params: {
    [k: string]: Json;
  };
  /**
   * The map whose body this node belongs to
   */
  parent: string | null;
  firing: Firing;
  retry: Retry;
  timeout_s: number | null;
  on_error: OnError;
  default_output: Json;
  /**
   * Channel name to CEL expression over `output`
   */
  writes: {
    [k: string]: string;
  };
}
/**
 */
export interface Firing {
  rule: FiringRule;
  /**
   * For n_of: how many
   */
  count: number;
}
/**
 * Attempts after a failure: waits `initial_s * factor**k`, at most `max_s`, with jitter.
 */
export interface Retry {
  attempts: number;
  initial_s: number;
  factor: number;
  max_s: number;
}
/**
 * From an output port to an input port.
 *
 * Open when `condition` (CEL over `output`, `input`, `nodes`, `state`, `run`) is true or
 * absent; an `otherwise` edge is open when no other edge of its port is. An edge that
 * closes a cycle needs `max_iterations`, and is shut once it has been taken so often.
 */
export interface Edge {
  id: string;
  source: string;
  source_port: string;
  target: string;
  target_port: string;
  condition: string | null;
  otherwise: boolean;
  max_iterations: number | null;
  label: string;
}
/**
 * Caps of one run; crossing one ends it as `limit_exceeded`.
 */
export interface Limits {
  max_steps: number;
  max_seconds: number | null;
  /**
   * Items of one map
   */
  max_items: number;
}
/**
 */
export interface Position {
  x: number;
  y: number;
  width: number | null;
  height: number | null;
}
/**
 */
export interface RunStarted {
  seq: number;
  at_us: number;
  type: "run_started";
  input: Json;
}
/**
 * A worker took the run up. `cause`: first, woken (an answer, a timer, a command), takeover.
 */
export interface RunClaimed {
  seq: number;
  at_us: number;
  type: "run_claimed";
  worker: string;
  epoch: number;
  cause: "first" | "woken" | "takeover";
}
/**
 * Nothing is left to do until one of `waiting_on` is answered or `wake_at_us` comes.
 */
export interface RunSuspended {
  seq: number;
  at_us: number;
  type: "run_suspended";
  waiting_on: string[];
  wake_at_us: number | null;
}
/**
 */
export interface RunPaused {
  seq: number;
  at_us: number;
  type: "run_paused";
  by: string;
}
/**
 */
export interface RunUnpaused {
  seq: number;
  at_us: number;
  type: "run_unpaused";
  by: string;
}
/**
 */
export interface RunSucceeded {
  seq: number;
  at_us: number;
  type: "run_succeeded";
  output: Json;
}
/**
 */
export interface RunFailed {
  seq: number;
  at_us: number;
  type: "run_failed";
  error: ErrorInfo;
}
/**
 * An error as it is recorded and shown: what was got, what was expected, how to mend it.
 */
export interface ErrorInfo {
  code: ErrorCode;
  message: string;
  cure: string;
  retryable: boolean;
  retry_after_s: number | null;
  path: string | null;
}
/**
 */
export interface RunCancelled {
  seq: number;
  at_us: number;
  type: "run_cancelled";
  by: string;
  reason: string;
}
/**
 * The platform gave up on the run. `detector` names who found out.
 */
export interface RunCrashed {
  seq: number;
  at_us: number;
  type: "run_crashed";
  detector: string;
  detail: string;
}
/**
 */
export interface RunLimitExceeded {
  seq: number;
  at_us: number;
  type: "run_limit_exceeded";
  error: ErrorInfo;
}
/**
 * The body of a map begins for one item.
 */
export interface ScopeStarted {
  seq: number;
  at_us: number;
  type: "scope_started";
  scope: string;
  node: string;
  label: string;
  seed: Json;
}
/**
 * `output` is what the body delivered; `error` says why it did not.
 */
export interface ScopeFinished {
  seq: number;
  at_us: number;
  type: "scope_finished";
  scope: string;
  output: Json;
  error: ErrorInfo | null;
}
/**
 */
export interface NodeStarted {
  seq: number;
  at_us: number;
  path: string;
  scope: string;
  node: string;
  activation: number;
  type: "node_started";
  attempt: number;
  inputs: {
    [k: string]: Json;
  };
}
/**
 * `edges` are the outgoing edges that were taken; `writes` happen with it, or not at all.
 */
export interface NodeFinished {
  seq: number;
  at_us: number;
  path: string;
  scope: string;
  node: string;
  activation: number;
  type: "node_finished";
  outputs: {
    [k: string]: Json;
  };
  edges: string[];
  writes: ChannelWrite[];
}
/**
 * Shared state takes `value` in through `reducer`, beginning from `initial`.
 */
export interface ChannelWrite {
  channel: string;
  reducer: ReducerName;
  initial: Json;
  value: Json;
}
/**
 * After the last attempt. `handled`: the error left by the error port or a default took its place.
 */
export interface NodeFailed {
  seq: number;
  at_us: number;
  path: string;
  scope: string;
  node: string;
  activation: number;
  type: "node_failed";
  error: ErrorInfo;
  handled: boolean;
  outputs: {
    [k: string]: Json;
  };
  edges: string[];
}
/**
 * An attempt failed; the next one starts at `retry_at_us`.
 */
export interface NodeRetrying {
  seq: number;
  at_us: number;
  path: string;
  scope: string;
  node: string;
  activation: number;
  type: "node_retrying";
  attempt: number;
  error: ErrorInfo;
  retry_at_us: number;
}
/**
 */
export interface NodeSkipped {
  seq: number;
  at_us: number;
  path: string;
  scope: string;
  node: string;
  activation: number;
  type: "node_skipped";
}
/**
 * Something in the world is about to be done (or waited for, for kinds human and timer).
 *
 * `kind`: model, tool, human, timer, message, random, clock. `name`: the model, the tool.
 */
export interface EffectStarted {
  seq: number;
  at_us: number;
  type: "effect_started";
  path: string;
  kind: string;
  name: string;
  agent: string;
  fingerprint: string;
  request: Json;
  safety: Safety;
  idempotency_key: string;
  gate: GateDecision | null;
  retried: boolean;
}
/**
 * The answer, and which rule of which layer gave it.
 */
export interface GateDecision {
  verdict: Verdict;
  layer: string;
  rule: string;
  reason: string;
  policy_version: number | null;
}
/**
 */
export interface EffectFinished {
  seq: number;
  at_us: number;
  type: "effect_finished";
  path: string;
  result: Json;
  usage: Usage | null;
  by: string;
  by_id: string;
}
/**
 * Tokens and money of one model call. `priced` is false when no price is known.
 */
export interface Usage {
  input_tokens: number;
  output_tokens: number;
  cached_tokens: number;
  cost_nano_usd: number;
  priced: boolean;
  estimated: boolean;
}
/**
 */
export interface EffectFailed {
  seq: number;
  at_us: number;
  type: "effect_failed";
  path: string;
  error: ErrorInfo;
  usage: Usage | null;
}
/**
 * The gate said no: nothing was done.
 */
export interface EffectRefused {
  seq: number;
  at_us: number;
  type: "effect_refused";
  path: string;
  kind: string;
  name: string;
  agent: string;
  fingerprint: string;
  request: Json;
  gate: GateDecision;
}
/**
 * A worker died inside an unsafe effect: whether it happened is for a person to say.
 */
export interface EffectUnknown {
  seq: number;
  at_us: number;
  type: "effect_unknown";
  path: string;
}
/**
 * Who or what was chosen, and why: a route, a speaker, a bid.
 */
export interface Decision {
  seq: number;
  at_us: number;
  type: "decision";
  path: string;
  what: string;
  chosen: string;
  why: string;
  options: string[];
}
/**
 * A kind as the browser gets it.
 */
export interface NodeKindSchema {
  name: string;
  title: string;
  summary: string;
  group: "flow" | "agents" | "tools" | "people" | "data" | "notes";
  icon: string;
  version: number;
  inputs: Port[];
  outputs: Port[];
  ports_from: PortsFrom | null;
  container: boolean;
  executes: boolean;
  params: {
    [k: string]: Json;
  };
  defaults: {
    [k: string]: Json;
  };
}
/**
 * `many`: several edges may end here and all their values arrive, as a list in edge order.
 */
export interface Port {
  name: string;
  title: string;
  type: "any" | "text" | "object" | "list" | "number" | "boolean";
  many: boolean;
  inner: boolean;
}
/**
 * One more output port for each entry of the list parameter `param`, named by its `name` field.
 */
export interface PortsFrom {
  param: string;
  name: string;
}
/**
 * `code` names the rule; `message` says what was got and expected; `cure` how to mend it.
 */
export interface Problem {
  code: string;
  message: string;
  cure: string;
  severity: Severity;
  node: string | null;
  edge: string | null;
  agent: string | null;
  field: string | null;
}
/**
 * What a person is asked. `digest` binds the answer to exactly what is shown.
 */
export interface HumanRequest {
  mode: "approval" | "review" | "question" | "unknown_outcome";
  title: string;
  message: string;
  payload: Json;
  actions: HumanAction[];
  answer_schema: {
    [k: string]: Json;
  } | null;
  digest: string;
  deadline_us: number | null;
}
/**
 * A button a person can press.
 */
export interface HumanAction {
  name: string;
  title: string;
  style: "primary" | "danger" | "quiet";
  takes_value: boolean;
}
/**
 */
export interface HumanAnswer {
  action: string;
  value: Json;
  comment: string;
}
/**
 */
export interface ModelRequest {
  model: string;
  messages: Message[];
  tools: ToolSpec[];
  output_schema: {
    [k: string]: Json;
  } | null;
  temperature: number | null;
  max_output_tokens: number | null;
  timeout_s: number;
}
/**
 */
export interface Message {
  role: Role;
  content: string;
  reasoning: string;
  tool_requests: ToolRequest[];
  tool_request_id: string | null;
  name: string | null;
}
/**
 * A model's wish to call a tool. `arguments` is the text as the model wrote it.
 */
export interface ToolRequest {
  id: string;
  name: string;
  arguments: string;
}
/**
 * `parameters` is the JSON Schema (an object) of the arguments.
 */
export interface ToolSpec {
  name: string;
  title: string;
  description: string;
  parameters: {
    [k: string]: Json;
  };
  safety: Safety;
  timeout_s: number;
}
/**
 * `model` is the one that answered. `finish` is never guessed: a stream that was cut is an error.
 */
export interface ModelReply {
  message: Message;
  model: string;
  finish: "stop" | "tools" | "length" | "filtered";
  usage: Usage;
  demo: boolean;
}
