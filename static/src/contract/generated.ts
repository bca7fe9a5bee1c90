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
  | EffectAttemptFailed
  | EffectFailed
  | EffectRefused
  | EffectReused
  | EffectUnknown
  | ReplayAdopted
  | Decision
  | Thought
  | Correction
  | Planned
  | Considered
  | Reflected
  | Summarised
  | AgentTold
  | AgentHeard;
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
  | "model_no_credit"
  | "model_rate_limited"
  | "model_unavailable"
  | "model_timeout"
  | "model_bad_request"
  | "model_bad_reply"
  | "model_refused"
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
export type Modality = "image" | "audio" | "video" | "document" | "text";
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
  memory_query: MemoryQuery;
  recalled_memory: RecalledMemory;
  new_memory: NewMemory;
  kept_memory: KeptMemory;
  run_wanted: RunWanted;
  run_end: RunEnd;
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
  /**
   * People and other agents know it by this name
   */
  name: string;
  /**
   * As LiteLLM names it, such as openai/gpt-5-mini
   */
  model: string;
  /**
   * Who it is and how it works. Text in {{ … }} is replaced by the value of the expression
   */
  instructions: string;
  /**
   * What it may ask for
   */
  tools: string[];
  limits: AgentLimits;
  /**
   * Empty: it answers with text
   */
  output_schema: {
    [k: string]: Json;
  } | null;
  memory: AgentMemory;
  /**
   * 0: the likeliest words, 2: the most varied
   */
  temperature: number | null;
  /**
   * A longer one is cut off, which counts as malformed
   */
  max_output_tokens: number | null;
  strategy: Direct | ReAct | PlanAndExecute | TreeOfThoughts | Reflection;
}
/**
 * Where an agent stops, whatever its model says.
 */
export interface AgentLimits {
  /**
   * Of one piece of work
   */
  max_iterations: number;
  /**
   * Of one piece of work; waiting for people does not count
   */
  max_seconds: number;
  max_call_seconds: number;
  /**
   * In and out, of all calls together
   */
  max_tokens: number;
  /**
   * Calls of models without a known price do not count
   */
  max_cost_usd: number | null;
  /**
   * How often the model is told what was wrong
   */
  max_repairs: number;
  max_tool_calls_per_turn: number;
}
/**
 */
export interface AgentMemory {
  short_term: ShortTerm;
  long_term: LongTerm;
  episodes: Episodes;
  /**
   * Makes memories comparable; what one model has kept, another does not find. As LiteLLM names it, or local/ngrams-256, which compares words and needs no provider
   */
  embedding: string;
}
/**
 * How much of a conversation the model is sent. The task, and a tool call with its result, always stay whole.
 */
export interface ShortTerm {
  keep: "all" | "messages" | "tokens";
  messages: number;
  /**
   * Counted as the model counts them, with its instructions
   */
  tokens: number;
  overflow: "drop" | "summarise";
  /**
   * Empty: the agent's own
   */
  summary_model: string;
}
/**
 * Memories that outlast the run, in a space that all agents of the tenant share that name it.
 */
export interface LongTerm {
  on: boolean;
  /**
   * Small letters, digits and dashes. Agents that name the same one share it
   */
  space: string;
  write: "none" | "tool" | "answer";
  /**
   * Keys, card numbers, addresses and the like
   */
  sensitive: "ask" | "discard" | "keep";
  retrieval: Retrieval;
  retention: Retention;
}
/**
 * How well a memory fits is a score from 0 to 1
 */
export interface Retrieval {
  strategy: "similarity" | "recency" | "mmr";
  k: number;
  /**
   * From 0 to 1: what scores less does not come back
   */
  min_score: number;
  /**
   * After so long a memory is worth half as much
   */
  half_life_days: number;
  /**
   * 0: only what is most alike, 1: only what differs
   */
  diversity: number;
}
/**
 * The oldest go first
 */
export interface Retention {
  max_age_days: number | null;
  max_count: number | null;
}
/**
 * One memory of each piece of work: the task, what was decided and done, how it ended.
 */
export interface Episodes {
  on: boolean;
  /**
   * Small letters, digits and dashes. Agents that name the same one share it
   */
  space: string;
  /**
   * Keys, card numbers, addresses and the like
   */
  sensitive: "ask" | "discard" | "keep";
  retrieval: Retrieval1;
  retention: Retention1;
}
/**
 * How well a memory fits is a score from 0 to 1
 */
export interface Retrieval1 {
  strategy: "similarity" | "recency" | "mmr";
  k: number;
  /**
   * From 0 to 1: what scores less does not come back
   */
  min_score: number;
  /**
   * After so long a memory is worth half as much
   */
  half_life_days: number;
  /**
   * 0: only what is most alike, 1: only what differs
   */
  diversity: number;
}
/**
 * The oldest go first
 */
export interface Retention1 {
  max_age_days: number | null;
  max_count: number | null;
}
/**
 * Ask, use tools, answer.
 */
export interface Direct {
  type: "direct";
}
/**
 * Say why before each action (Yao et al. 2022, arXiv:2210.03629).
 */
export interface ReAct {
  type: "react";
}
/**
 * Make a plan, do its steps one by one, and look at the plan again after each (Wang et al. 2023, arXiv:2305.04091).
 */
export interface PlanAndExecute {
  type: "plan_and_execute";
  /**
   * All that are done, after every change of plan
   */
  max_steps: number;
  /**
   * One more model call each time
   */
  replan: boolean;
  /**
   * And may change it
   */
  review: "never" | "first" | "each";
}
/**
 * Think of several ways on, judge them, go on from the best (Yao et al. 2023, arXiv:2305.10601).
 *
 * `breadth` is b of the paper, `depth` its T, `thoughts` its k; `judgements` are how often each thought is judged,
 * or how many votes are taken. Judged by value a thought is sure, likely or impossible; `prune_below` is on that scale from 0 to 1.
 */
export interface TreeOfThoughts {
  type: "tree_of_thoughts";
  /**
   * All thoughts of a depth, then the best of them; or one line to its end, and back
   */
  search: "breadth_first" | "depth_first";
  /**
   * Thoughts from the task to an answer
   */
  depth: number;
  /**
   * Thoughts kept at each depth
   */
  breadth: number;
  /**
   * New thoughts at each place of the tree
   */
  thoughts: number;
  generate: "propose" | "sample";
  evaluate: "value" | "vote";
  /**
   * For each thought, or votes for each choice
   */
  judgements: number;
  /**
   * A value from 0 to 1: a line of less worth is left
   */
  prune_below: number;
  /**
   * Of the whole tree
   */
  max_thoughts: number;
  /**
   * What is asked for new thoughts; empty for the usual words
   */
  propose_prompt: string;
  /**
   * What is asked about a thought; empty for the usual words
   */
  value_prompt: string;
}
/**
 * Answer, criticise the answer, try again with what was learnt (Shinn et al. 2023, arXiv:2303.11366).
 */
export interface Reflection {
  type: "reflection";
  /**
   * When none is good enough the best one stands
   */
  max_rounds: number;
  /**
   * Empty: whatever the task asks for
   */
  criteria: string;
  /**
   * The score from 0 to 1 at which it stops
   */
  enough: number;
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
  /**
   * By the kind's own form; what does not fit it is a problem of the graph
   */
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
  v: number;
  type: "run_started";
  seq: number;
  at_us: number;
  input: Json;
}
/**
 * A worker took the run up. `cause`: first, woken (an answer, a timer, a command), takeover.
 *
 * `build` names the code that the worker runs; empty when that is not known.
 */
export interface RunClaimed {
  v: number;
  type: "run_claimed";
  seq: number;
  at_us: number;
  worker: string;
  epoch: number;
  cause: "first" | "woken" | "takeover";
  build: string;
}
/**
 * Nothing is left to do until one of `waiting_on` is answered or `wake_at_us` comes.
 */
export interface RunSuspended {
  v: number;
  type: "run_suspended";
  seq: number;
  at_us: number;
  waiting_on: string[];
  wake_at_us: number | null;
}
/**
 */
export interface RunPaused {
  v: number;
  type: "run_paused";
  seq: number;
  at_us: number;
  by: string;
}
/**
 */
export interface RunUnpaused {
  v: number;
  type: "run_unpaused";
  seq: number;
  at_us: number;
  by: string;
}
/**
 */
export interface RunSucceeded {
  v: number;
  type: "run_succeeded";
  seq: number;
  at_us: number;
  output: Json;
}
/**
 */
export interface RunFailed {
  v: number;
  type: "run_failed";
  seq: number;
  at_us: number;
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
  v: number;
  type: "run_cancelled";
  seq: number;
  at_us: number;
  by: string;
  reason: string;
}
/**
 * The platform gave up on the run. `detector` names who found out.
 */
export interface RunCrashed {
  v: number;
  type: "run_crashed";
  seq: number;
  at_us: number;
  detector: string;
  detail: string;
}
/**
 */
export interface RunLimitExceeded {
  v: number;
  type: "run_limit_exceeded";
  seq: number;
  at_us: number;
  error: ErrorInfo;
}
/**
 * The body of `node`, which stands in scope `parent`, begins for item number `index`, counted from 0.
 */
export interface ScopeStarted {
  v: number;
  type: "scope_started";
  seq: number;
  at_us: number;
  scope: string;
  parent: string;
  node: string;
  index: number;
  label: string;
  seed: Json;
}
/**
 * `output` is what the body delivered; `error` says why it did not.
 */
export interface ScopeFinished {
  v: number;
  type: "scope_finished";
  seq: number;
  at_us: number;
  scope: string;
  output: Json;
  error: ErrorInfo | null;
}
/**
 */
export interface NodeStarted {
  v: number;
  type: "node_started";
  seq: number;
  at_us: number;
  path: string;
  scope: string;
  node: string;
  activation: number;
  attempt: number;
  inputs: {
    [k: string]: Json;
  };
}
/**
 * `edges` are the outgoing edges that were taken; `writes` happen with it, or not at all.
 */
export interface NodeFinished {
  v: number;
  type: "node_finished";
  seq: number;
  at_us: number;
  path: string;
  scope: string;
  node: string;
  activation: number;
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
  v: number;
  type: "node_failed";
  seq: number;
  at_us: number;
  path: string;
  scope: string;
  node: string;
  activation: number;
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
  v: number;
  type: "node_retrying";
  seq: number;
  at_us: number;
  path: string;
  scope: string;
  node: string;
  activation: number;
  attempt: number;
  error: ErrorInfo;
  retry_at_us: number;
}
/**
 */
export interface NodeSkipped {
  v: number;
  type: "node_skipped";
  seq: number;
  at_us: number;
  path: string;
  scope: string;
  node: string;
  activation: number;
}
/**
 * Something in the world is about to be done, or is waited for: then the run may leave its worker.
 *
 * `kind`: model, tool, human, timer, recall, remember, frames, start_run, and run for the end of what that started.
 * `name`: the model, the tool, the memory, the video.
 */
export interface EffectStarted {
  v: number;
  type: "effect_started";
  seq: number;
  at_us: number;
  path: string;
  kind: string;
  name: string;
  agent: string;
  fingerprint: string;
  request: Json;
  waits: boolean;
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
  cure: string;
  policy_version: number | null;
}
/**
 */
export interface EffectFinished {
  v: number;
  type: "effect_finished";
  seq: number;
  at_us: number;
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
 * One try at a provider failed; the call goes on with another in `retry_in_s` seconds.
 *
 * `attempt` counts from 1. `usage` is what the try cost nevertheless.
 */
export interface EffectAttemptFailed {
  v: number;
  type: "effect_attempt_failed";
  seq: number;
  at_us: number;
  path: string;
  attempt: number;
  error: ErrorInfo;
  retry_in_s: number;
  usage: Usage | null;
}
/**
 * The effect failed for good. `usage` is what its last try cost nevertheless.
 */
export interface EffectFailed {
  v: number;
  type: "effect_failed";
  seq: number;
  at_us: number;
  path: string;
  error: ErrorInfo;
  usage: Usage | null;
}
/**
 * The gate said no: nothing was done, or not again when the effect had been started before.
 */
export interface EffectRefused {
  v: number;
  type: "effect_refused";
  seq: number;
  at_us: number;
  path: string;
  kind: string;
  name: string;
  agent: string;
  fingerprint: string;
  request: Json;
  gate: GateDecision;
}
/**
 * An earlier attempt of the step made this very call, the unsafe effect at `of`: its result is taken, nothing is done again.
 */
export interface EffectReused {
  v: number;
  type: "effect_reused";
  seq: number;
  at_us: number;
  path: string;
  of: string;
}
/**
 * An unsafe effect was cut off, by a time limit, a failure or a death: whether it happened is for a person to say.
 */
export interface EffectUnknown {
  v: number;
  type: "effect_unknown";
  seq: number;
  at_us: number;
  path: string;
}
/**
 * Another build asked for this effect in other words: its recorded result is taken all the same.
 *
 * `fingerprint` is that of what the present build asks; from now on it is the effect's.
 */
export interface ReplayAdopted {
  v: number;
  type: "replay_adopted";
  seq: number;
  at_us: number;
  path: string;
  fingerprint: string;
}
/**
 * Who or what was chosen, and why: a route, a speaker, a bid.
 */
export interface Decision {
  v: number;
  type: "decision";
  seq: number;
  at_us: number;
  path: string;
  what: string;
  chosen: string;
  why: string;
  options: string[];
}
/**
 * Why the agent does what it does next.
 */
export interface Thought {
  v: number;
  type: "thought";
  seq: number;
  at_us: number;
  path: string;
  agent: string;
  text: string;
}
/**
 * What was wrong with an answer of the model, which was told so; `left` corrections remain.
 */
export interface Correction {
  v: number;
  type: "correction";
  seq: number;
  at_us: number;
  path: string;
  agent: string;
  what: "unknown_tool" | "bad_arguments" | "bad_turn" | "looping" | "empty" | "truncated" | "bad_answer";
  fault: string;
  left: number;
}
/**
 * The plan as it stands: all its steps, of which the first `done` are behind it. `by` is the person who changed it, if one did.
 */
export interface Planned {
  v: number;
  type: "planned";
  seq: number;
  at_us: number;
  path: string;
  agent: string;
  revision: number;
  steps: string[];
  done: number;
  why: string;
  by: string;
}
/**
 * A thought of a tree, judged. `thought` is its place, such as `2.1` for the first below the second; `parent` is empty at the root.
 *
 * `value` is from 0 to 1; `kept` says whether the search goes on from it.
 */
export interface Considered {
  v: number;
  type: "considered";
  seq: number;
  at_us: number;
  path: string;
  agent: string;
  thought: string;
  parent: string;
  text: string;
  value: number;
  kept: boolean;
}
/**
 * What the agent thinks of its own answer number `round`, counted from 1. `score` is from 0 to 1.
 */
export interface Reflected {
  v: number;
  type: "reflected";
  seq: number;
  at_us: number;
  path: string;
  agent: string;
  round: number;
  good: boolean;
  score: number;
  critique: string;
  lesson: string;
}
/**
 * From here on the model is sent `text` in place of the oldest `messages` messages that an earlier summary did not stand for.
 *
 * The tokens are those of what it stands for, the earlier summary among it, and its own.
 */
export interface Summarised {
  v: number;
  type: "summarised";
  seq: number;
  at_us: number;
  path: string;
  agent: string;
  messages: number;
  tokens_before: number;
  tokens_after: number;
  text: string;
}
/**
 * A person said something to the agent at work in step `to`, the path of its first attempt.
 */
export interface AgentTold {
  v: number;
  type: "agent_told";
  seq: number;
  at_us: number;
  to: string;
  text: string;
  by: string;
  by_id: string;
}
/**
 * What had been said to the agent by its next turn: the numbers of the events that tell it.
 */
export interface AgentHeard {
  v: number;
  type: "agent_heard";
  seq: number;
  at_us: number;
  path: string;
  agent: string;
  told: number[];
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
  modality: Modality | null;
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
  tool: string;
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
  content: (TextPart | FilePart)[];
  reasoning: string;
  tool_requests: ToolRequest[];
  tool_request_id: string | null;
  name: string | null;
}
/**
 */
export interface TextPart {
  type: "text";
  text: string;
}
/**
 * A file, by the SHA-256 of its content: whoever needs the bytes asks the host for them.
 *
 * `media_type` was read from the content. `size` is in bytes; `at_s` is where in a video a frame was taken, in seconds.
 * Dumped without defaults it is how a run's data hold a file: `input.photo.media_type` is a field like any other.
 */
export interface FilePart {
  type: "file";
  digest: string;
  media_type: string;
  name: string;
  size: number;
  at_s: number | null;
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
 * `parameters` is the JSON Schema (an object) of the arguments. `price_nano_usd` is what a call that was answered costs.
 *
 * Tools of one `family` do the same to the world: rights and rules about one hold for the others.
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
  family: string;
  price_nano_usd: number;
}
/**
 * `model` is the one that answered. `finish` is never guessed: a stream that was cut is an error.
 *
 * `refused`: the message says why the model would not. `paused`: it goes on when its message is sent back to it.
 */
export interface ModelReply {
  message: Message;
  model: string;
  finish: "stop" | "tools" | "length" | "filtered" | "refused" | "paused";
  usage: Usage;
  demo: boolean;
}
/**
 * Whose memories, and which of them. `embedding` names the model whose vectors are compared.
 */
export interface MemoryQuery {
  space: string;
  kind: "note" | "episode";
  text: string;
  embedding: string;
  retrieval: Retrieval2;
}
/**
 * Which memories come back. Scores are between 0 and 1.
 *
 * similarity: those most like the question. recency: the same, each worth half after every half-life.
 * mmr: like the question and unlike each other, by `diversity`.
 */
export interface Retrieval2 {
  strategy: "similarity" | "recency" | "mmr";
  k: number;
  /**
   * From 0 to 1: what scores less does not come back
   */
  min_score: number;
  /**
   * After so long a memory is worth half as much
   */
  half_life_days: number;
  /**
   * 0: only what is most alike, 1: only what differs
   */
  diversity: number;
}
/**
 * `similarity` and `score` are between 0 and 1; the score is what it was chosen by. `kept_us`: when, in microseconds.
 */
export interface RecalledMemory {
  id: string;
  text: string;
  score: number;
  similarity: number;
  kept_us: number;
  source: Provenance;
}
/**
 * Where a memory is from. `person` had the run made, or has corrected the memory; empty where nobody is known.
 */
export interface Provenance {
  run: string;
  path: string;
  agent: string;
  graph: string;
  person: string;
}
/**
 * `sensitive` names what in it looks sensitive, and was let pass.
 *
 * `tells_of` names the piece of work that it tells of, whatever the attempt: of one piece of work in a run one memory is kept,
 * and the last to be told takes the place of the one before. Empty: it stands for itself.
 */
export interface NewMemory {
  space: string;
  kind: "note" | "episode";
  text: string;
  embedding: string;
  retention: Retention2;
  sensitive: string[];
  tells_of: string;
}
/**
 * How long memories of a space stay, and how many: the oldest go first. Empty: for ever, all.
 */
export interface Retention2 {
  max_age_days: number | null;
  max_count: number | null;
}
/**
 * `forgotten` is how many older ones had to go for it.
 */
export interface KeptMemory {
  id: string;
  forgotten: number;
}
/**
 * `graph` is the graph's name in the workspace; `input` is what the run begins with.
 */
export interface RunWanted {
  graph: string;
  input: Json;
}
/**
 * `status` is one of the terminal ones; `message` and `cure` say why it did not succeed.
 */
export interface RunEnd {
  run: string;
  status: string;
  output: Json;
  message: string;
  cure: string;
}
