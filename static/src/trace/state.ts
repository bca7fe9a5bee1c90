/** What is known of a run: the fold of its log. Entries are replaced, never changed in place. */
import type {
  AgentHeard,
  AgentTold,
  Considered,
  Correction,
  Decision,
  EffectStatus,
  ErrorInfo,
  GateDecision,
  Json,
  NodeStatus,
  Planned,
  ReducerName,
  Reflected,
  Summarised,
  RunStatus,
  Safety,
  Thought,
  Usage,
} from "../contract";

export type AgentNote = AgentHeard | Considered | Correction | Planned | Reflected | Summarised | Thought;

export interface UsageTotals {
  calls: number;
  input_tokens: number;
  output_tokens: number;
  cached_tokens: number;
  cost_nano_usd: number;
  priced: boolean;
  /** Model calls made again because nobody knew how the first ended. */
  repeated: number;
}

export interface Attempt {
  path: string;
  number: number;
  startedUs: number;
  endedUs: number | null;
  status: StepStatus;
  error: ErrorInfo | null;
  retryAtUs: number | null;
}

/** A node waits, for the eye, while a person or a time is waited for below it. */
export type StepStatus = NodeStatus | "waiting";

/** One activation of a node. */
export interface StepState {
  key: string;
  scope: string;
  node: string;
  activation: number;
  status: StepStatus;
  attempts: readonly Attempt[];
  inputs: Record<string, Json>;
  outputs: Record<string, Json>;
  error: ErrorInfo | null;
  handled: boolean;
  edges: readonly string[];
  seq: number;
}

export interface ScopeState {
  scope: string;
  parent: string;
  node: string;
  index: number;
  label: string;
  seed: Json;
  status: StepStatus;
  startedUs: number;
  endedUs: number | null;
  output: Json;
  error: ErrorInfo | null;
}

/** A try at a provider that failed and was followed by another. */
export interface AttemptFailure {
  attempt: number;
  atUs: number;
  error: ErrorInfo;
  retryInS: number;
  usage: Usage | null;
}

export interface EffectState {
  path: string;
  kind: string;
  name: string;
  agent: string;
  waits: boolean;
  status: EffectStatus;
  request: Json;
  result: Json;
  error: ErrorInfo | null;
  usage: Usage | null;
  gate: GateDecision | null;
  safety: Safety;
  fingerprint: string;
  idempotencyKey: string;
  /** How many times it was begun: once, and again for each worker that was lost in it. */
  attempts: number;
  failures: readonly AttemptFailure[];
  /** Its result was taken although the present build asks for it in other words. */
  adopted: boolean;
  by: string;
  startedUs: number;
  endedUs: number | null;
}

export interface ChannelWrite {
  path: string;
  channel: string;
  reducer: ReducerName;
  initial: Json;
  value: Json;
  atUs: number;
}

/** A stretch in which no worker held the run. */
export interface Rest {
  fromUs: number;
  toUs: number | null;
}

export interface RunState {
  status: RunStatus;
  lastSeq: number;
  startedUs: number;
  endedUs: number | null;
  lastUs: number;
  input: Json;
  output: Json;
  error: ErrorInfo | null;
  detector: string;
  worker: string;
  build: string;
  epoch: number;
  takeovers: number;
  /** When a timer takes the run up again, while it waits. */
  wakeAtUs: number | null;
  usage: UsageTotals;
  steps: Map<string, StepState>;
  /** By the path of an attempt the key of its step. */
  stepKeys: Map<string, string>;
  scopes: Map<string, ScopeState>;
  effects: Map<string, EffectState>;
  decisions: Decision[];
  /** What agents at work noted: their plans, thoughts, reflections, corrections, and what they had heard. */
  notes: AgentNote[];
  /** What people said to agents at work. */
  told: AgentTold[];
  writes: ChannelWrite[];
  edgesTaken: Map<string, number>;
  rests: Rest[];
}

export const NO_USAGE: UsageTotals = {
  calls: 0,
  input_tokens: 0,
  output_tokens: 0,
  cached_tokens: 0,
  cost_nano_usd: 0,
  priced: true,
  repeated: 0,
};

export function emptyState(): RunState {
  return {
    status: "queued",
    lastSeq: 0,
    startedUs: 0,
    endedUs: null,
    lastUs: 0,
    input: null,
    output: null,
    error: null,
    detector: "",
    worker: "",
    build: "",
    epoch: 0,
    takeovers: 0,
    wakeAtUs: null,
    usage: NO_USAGE,
    steps: new Map(),
    stepKeys: new Map(),
    scopes: new Map(),
    effects: new Map(),
    decisions: [],
    notes: [],
    told: [],
    writes: [],
    edgesTaken: new Map(),
    rests: [],
  };
}

/** The step that has an attempt with this path. */
export function stepAt(state: RunState, path: string): StepState | undefined {
  return state.steps.get(state.stepKeys.get(path) ?? "");
}

export function addUsage(totals: UsageTotals, usage: Usage | null | undefined): UsageTotals {
  if (!usage) return totals;
  return {
    calls: totals.calls + 1,
    input_tokens: totals.input_tokens + usage.input_tokens,
    output_tokens: totals.output_tokens + usage.output_tokens,
    cached_tokens: totals.cached_tokens + usage.cached_tokens,
    cost_nano_usd: totals.cost_nano_usd + usage.cost_nano_usd,
    priced: totals.priced && usage.priced,
    repeated: totals.repeated,
  };
}

export function joinUsage(a: UsageTotals, b: UsageTotals): UsageTotals {
  return {
    calls: a.calls + b.calls,
    input_tokens: a.input_tokens + b.input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    cached_tokens: a.cached_tokens + b.cached_tokens,
    cost_nano_usd: a.cost_nano_usd + b.cost_nano_usd,
    priced: a.priced && b.priced,
    repeated: a.repeated + b.repeated,
  };
}
