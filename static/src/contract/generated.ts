/** The vocabulary shared with Python. Every name and field is that of the pydantic models. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type FiringRule = "all" | "any" | "n_of";
export interface Firing {
  rule: FiringRule;
  count: number;
}
export interface Retry {
  attempts: number;
  initial_s: number;
  factor: number;
  max_s: number;
}
export type OnError = "fail" | "port" | "default";
export interface Node {
  id: string;
  kind: string;
  kind_version: number;
  title: string;
  params: Record<string, Json>;
  parent: string | null;
  firing: Firing;
  retry: Retry;
  timeout_s: number | null;
  on_error: OnError;
  default_output: Json;
  writes: Record<string, string>;
}
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
export type ReducerName = "last" | "append" | "extend" | "merge" | "sum" | "max" | "min";
export interface Channel {
  reducer: ReducerName;
  initial: Json;
}
export interface Limits {
  max_steps: number;
  max_seconds: number | null;
  max_items: number;
}
export interface Position {
  x: number;
  y: number;
  width: number | null;
  height: number | null;
}
export interface AgentLimits {
  max_iterations: number;
  max_seconds: number;
  max_tokens: number;
  max_repairs: number;
  max_tool_calls_per_turn: number;
}
export interface Agent {
  name: string;
  model: string;
  instructions: string;
  tools: string[];
  limits: AgentLimits;
  output_schema: Record<string, Json> | null;
  temperature: number | null;
  max_output_tokens: number | null;
}
export interface LibraryAgent {
  library: string;
}
export interface Graph {
  schema_version: 1;
  title: string;
  description: string;
  inputs: Record<string, Json>;
  agents: Record<string, Agent | LibraryAgent>;
  channels: Record<string, Channel>;
  nodes: Node[];
  edges: Edge[];
  limits: Limits;
  layout: Record<string, Position>;
}

export type PortType = "any" | "text" | "object" | "list" | "number" | "boolean";
export interface Port {
  name: string;
  title: string;
  type: PortType;
  many: boolean;
  inner: boolean;
}
export interface PortsFrom {
  param: string;
  name: string;
}
export type Group = "flow" | "agents" | "tools" | "people" | "data" | "notes";
export interface NodeKindSchema {
  name: string;
  title: string;
  summary: string;
  group: Group;
  icon: string;
  version: number;
  inputs: Port[];
  outputs: Port[];
  ports_from: PortsFrom | null;
  container: boolean;
  executes: boolean;
  params: Record<string, Json>;
  defaults: Record<string, Json>;
}

export type Severity = "error" | "warning";
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

export type ErrorCode = string;
export interface ErrorInfo {
  code: ErrorCode;
  message: string;
  cure: string;
  retryable: boolean;
  retry_after_s: number | null;
  path: string | null;
}

export type Safety = "pure" | "idempotent" | "unsafe";
export interface ToolSpec {
  name: string;
  title: string;
  description: string;
  parameters: Record<string, Json>;
  safety: Safety;
  timeout_s: number;
}
export type Role = "system" | "user" | "assistant" | "tool";
export interface ToolRequest {
  id: string;
  name: string;
  arguments: string;
}
export interface Message {
  role: Role;
  content: string;
  reasoning: string;
  tool_requests: ToolRequest[];
  tool_request_id: string | null;
  name: string | null;
}
export interface Usage {
  input_tokens: number;
  output_tokens: number;
  cached_tokens: number;
  cost_nano_usd: number;
  priced: boolean;
  estimated: boolean;
}
export interface ModelRequest {
  model: string;
  messages: Message[];
  tools: ToolSpec[];
  output_schema: Record<string, Json> | null;
  temperature: number | null;
  max_output_tokens: number | null;
  timeout_s: number;
}
export interface ModelReply {
  message: Message;
  model: string;
  finish: "stop" | "tools" | "length" | "filtered";
  usage: Usage;
  demo: boolean;
}

export type Verdict = "allow" | "deny" | "ask";
export interface GateDecision {
  verdict: Verdict;
  layer: string;
  rule: string;
  reason: string;
  policy_version: number | null;
}

export interface HumanAction {
  name: string;
  title: string;
  style: string;
}
export interface HumanRequest {
  mode: "approval" | "review" | "question" | "unknown_outcome";
  title: string;
  message: string;
  payload: Json;
  actions: HumanAction[];
  schema: Record<string, Json> | null;
  digest: string;
  deadline_us: number | null;
}

export type RunStatus =
  | "queued"
  | "running"
  | "waiting"
  | "paused"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "crashed"
  | "limit_exceeded";
export type NodeStatus = "running" | "waiting" | "retrying" | "succeeded" | "failed" | "skipped";
export type EffectStatus = "running" | "waiting" | "succeeded" | "failed" | "refused" | "unknown";

interface Event {
  seq: number;
  at_us: number;
}
interface StepEvent extends Event {
  path: string;
  scope: string;
  node: string;
  activation: number;
}
export interface RunStarted extends Event {
  type: "run_started";
  input: Json;
}
export interface RunClaimed extends Event {
  type: "run_claimed";
  worker: string;
  epoch: number;
  cause: "first" | "woken" | "takeover";
}
export interface RunSuspended extends Event {
  type: "run_suspended";
  waiting_on: string[];
  wake_at_us: number | null;
}
export interface RunPaused extends Event {
  type: "run_paused";
  by: string;
}
export interface RunUnpaused extends Event {
  type: "run_unpaused";
  by: string;
}
export interface RunSucceeded extends Event {
  type: "run_succeeded";
  output: Json;
}
export interface RunFailed extends Event {
  type: "run_failed";
  error: ErrorInfo;
}
export interface RunCancelled extends Event {
  type: "run_cancelled";
  by: string;
  reason: string;
}
export interface RunCrashed extends Event {
  type: "run_crashed";
  detector: string;
  detail: string;
}
export interface RunLimitExceeded extends Event {
  type: "run_limit_exceeded";
  error: ErrorInfo;
}
export interface ScopeStarted extends Event {
  type: "scope_started";
  scope: string;
  node: string;
  label: string;
  seed: Json;
}
export interface ScopeFinished extends Event {
  type: "scope_finished";
  scope: string;
  output: Json;
  error: ErrorInfo | null;
}
export interface NodeStarted extends StepEvent {
  type: "node_started";
  attempt: number;
  inputs: Record<string, Json>;
}
export interface NodeFinished extends StepEvent {
  type: "node_finished";
  outputs: Record<string, Json>;
  edges: string[];
}
export interface NodeFailed extends StepEvent {
  type: "node_failed";
  error: ErrorInfo;
  handled: boolean;
  outputs: Record<string, Json>;
  edges: string[];
}
export interface NodeRetrying extends StepEvent {
  type: "node_retrying";
  attempt: number;
  error: ErrorInfo;
  retry_at_us: number;
}
export interface NodeSkipped extends StepEvent {
  type: "node_skipped";
}
export interface EffectStarted extends Event {
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
export interface EffectFinished extends Event {
  type: "effect_finished";
  path: string;
  result: Json;
  usage: Usage | null;
  by: string;
}
export interface EffectFailed extends Event {
  type: "effect_failed";
  path: string;
  error: ErrorInfo;
  usage: Usage | null;
}
export interface EffectRefused extends Event {
  type: "effect_refused";
  path: string;
  kind: string;
  name: string;
  agent: string;
  fingerprint: string;
  request: Json;
  gate: GateDecision;
}
export interface EffectUnknown extends Event {
  type: "effect_unknown";
  path: string;
}
export interface Decision extends Event {
  type: "decision";
  path: string;
  what: string;
  chosen: string;
  why: string;
  options: string[];
}
export interface ChannelWritten extends Event {
  type: "channel_written";
  path: string;
  channel: string;
  reducer: ReducerName;
  value: Json;
}
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
  | Decision
  | ChannelWritten;
