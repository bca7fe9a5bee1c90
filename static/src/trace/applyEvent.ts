/** Folds events into what is known of a run, as the engine's `apply_event` does. */
import type { EffectFailed, EffectFinished, EffectRefused, EffectStarted, EffectStatus, ErrorInfo, NodeStatus, RunEvent, RunStatus } from "../contract";
import { activationKey, ancestors, isWithin } from "./path";
import { addUsage, emptyState, stepAt, type AgentNote, type Attempt, type EffectState, type RunState, type StepState, type StepStatus } from "./state";

type Of<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;
type Appliers = { [T in RunEvent["type"]]: (state: RunState, event: Of<T>) => void };

function finishRun(state: RunState, status: RunStatus, atUs: number, error: ErrorInfo | null = null): void {
  state.status = status;
  state.endedUs = atUs;
  state.error = error;
  cutOff(state, "", atUs, true);
}

const OPEN: ReadonlySet<string> = new Set(["running", "waiting", "retrying", "unknown"]);

/**
 * What is still going on below a path whose work has ended was cancelled. Whether an unsafe effect happened is unknown then;
 * what is asked about it stays open, until a person has said it or the run has ended for good.
 */
function cutOff(state: RunState, below: string, atUs: number, forGood = false): void {
  for (const step of state.steps.values()) {
    if (!OPEN.has(step.status) || !isWithin(step.scope, below)) continue;
    const open = step.attempts.at(-1)?.endedUs === null;
    setStep(state, step.key, { status: "cancelled", attempts: open ? closeAttempt(step.attempts, { status: "cancelled", endedUs: atUs }) : step.attempts });
  }
  for (const item of state.scopes.values()) {
    if (item.endedUs === null && item.scope !== below && isWithin(item.scope, below)) state.scopes.set(item.scope, { ...item, status: "cancelled", endedUs: atUs });
  }
  cutEffectsOff(state, below, atUs, forGood);
}

function cutEffectsOff(state: RunState, below: string, atUs: number, forGood: boolean): void {
  const open = [...state.effects.values()].filter((effect) => OPEN.has(effect.status) && isWithin(effect.path, below));
  const unknown = open.filter((effect) => effect.safety === "unsafe");
  for (const effect of open) {
    const isUnknown = unknown.includes(effect);
    if (!isUnknown && !forGood && unknown.some((other) => isWithin(effect.path, other.path))) continue;
    state.effects.set(effect.path, { ...effect, status: isUnknown ? "unknown" : "cancelled", endedUs: effect.endedUs ?? atUs });
    if (effect.status === "waiting") settleWait(state, effect.path);
  }
}

function setStep(state: RunState, key: string, patch: Partial<StepState>): void {
  const step = state.steps.get(key);
  if (step) state.steps.set(key, { ...step, ...patch });
}

function closeAttempt(attempts: readonly Attempt[], patch: Partial<Attempt>): Attempt[] {
  const last = attempts.at(-1);
  return last ? [...attempts.slice(0, -1), { ...last, ...patch }] : [];
}

function settleStep(state: RunState, event: Of<"node_finished"> | Of<"node_failed">, status: NodeStatus, error: ErrorInfo | null): void {
  const key = activationKey(event.scope, event.node, event.activation);
  const step = state.steps.get(key);
  if (!step) return;
  setStep(state, key, {
    status,
    error,
    handled: event.type === "node_failed" && event.handled,
    outputs: event.outputs,
    edges: event.edges,
    attempts: closeAttempt(step.attempts, { status, error, endedUs: event.at_us }),
  });
  for (const edge of event.edges) state.edgesTaken.set(edge, (state.edgesTaken.get(edge) ?? 0) + 1);
}

/** The steps and items around a path wait while a wait below them is open. */
function markWaiting(state: RunState, path: string, from: StepStatus, to: StepStatus): void {
  for (const at of ancestors(path)) {
    const step = stepAt(state, at);
    if (step?.status === from) setStep(state, step.key, { status: to });
    const item = state.scopes.get(at);
    if (item?.status === from) state.scopes.set(at, { ...item, status: to });
  }
}

function settleWait(state: RunState, path: string): void {
  markWaiting(state, path, "waiting", "running");
  for (const effect of state.effects.values()) {
    if (effect.status === "waiting") markWaiting(state, effect.path, "running", "waiting");
  }
}

function openEffect(event: EffectStarted | EffectRefused, status: EffectStatus): EffectState {
  const started = event.type === "effect_started";
  return {
    path: event.path,
    kind: event.kind,
    name: event.name,
    agent: event.agent,
    waits: started && event.waits,
    status,
    request: event.request,
    result: null,
    error: null,
    usage: null,
    gate: event.gate,
    safety: started ? event.safety : "pure",
    fingerprint: event.fingerprint,
    idempotencyKey: started ? event.idempotency_key : "",
    attempts: 1,
    failures: [],
    adopted: false,
    by: "",
    startedUs: event.at_us,
    endedUs: started ? null : event.at_us,
  };
}

function closeEffect(state: RunState, event: EffectFinished | EffectFailed): void {
  const effect = state.effects.get(event.path);
  if (!effect) return;
  const done = event.type === "effect_finished";
  state.effects.set(event.path, {
    ...effect,
    status: done ? "succeeded" : "failed",
    result: done ? event.result : effect.result,
    by: done ? event.by : effect.by,
    error: done ? null : event.error,
    usage: event.usage,
    endedUs: event.at_us,
  });
  state.usage = addUsage(state.usage, event.usage);
  if (effect.status === "waiting") settleWait(state, event.path);
}

function note(state: RunState, event: AgentNote): void {
  state.notes.push(event);
}

const appliers: Appliers = {
  run_started: (state, event) => {
    state.status = "running";
    state.startedUs = event.at_us;
    state.input = event.input;
  },
  run_claimed: (state, event) => {
    if (state.status !== "paused") state.status = "running";
    state.wakeAtUs = null;
    state.worker = event.worker;
    state.build = event.build;
    state.epoch = event.epoch;
    if (event.cause === "takeover") state.takeovers += 1;
    const rest = state.rests.at(-1);
    if (rest?.toUs === null) state.rests = [...state.rests.slice(0, -1), { ...rest, toUs: event.at_us }];
  },
  run_suspended: (state, event) => {
    state.status = "waiting";
    state.wakeAtUs = event.wake_at_us;
    state.rests = [...state.rests, { fromUs: event.at_us, toUs: null }];
  },
  run_paused: (state) => {
    state.status = "paused";
  },
  run_unpaused: (state) => {
    state.status = "running";
  },
  run_succeeded: (state, event) => {
    finishRun(state, "succeeded", event.at_us);
    state.output = event.output;
  },
  run_failed: (state, event) => finishRun(state, "failed", event.at_us, event.error),
  run_limit_exceeded: (state, event) => finishRun(state, "limit_exceeded", event.at_us, event.error),
  run_cancelled: (state, event) => {
    finishRun(state, "cancelled", event.at_us);
    state.detector = event.by;
  },
  run_crashed: (state, event) => {
    finishRun(state, "crashed", event.at_us);
    state.detector = event.detector;
  },
  scope_started: (state, event) => {
    state.scopes.set(event.scope, {
      scope: event.scope,
      parent: event.parent,
      node: event.node,
      index: event.index,
      label: event.label,
      seed: event.seed,
      status: "running",
      startedUs: event.at_us,
      endedUs: null,
      output: null,
      error: null,
    });
  },
  scope_finished: (state, event) => {
    const scope = state.scopes.get(event.scope);
    if (!scope) return;
    const status = event.error ? "failed" : "succeeded";
    state.scopes.set(event.scope, { ...scope, status, output: event.output, error: event.error, endedUs: event.at_us });
    if (event.error) cutOff(state, event.scope, event.at_us);
  },
  node_started: (state, event) => {
    const key = activationKey(event.scope, event.node, event.activation);
    const before = state.steps.get(key);
    state.stepKeys.set(event.path, key);
    const attempt: Attempt = { path: event.path, number: event.attempt, startedUs: event.at_us, endedUs: null, status: "running", error: null, retryAtUs: null };
    state.steps.set(key, {
      key,
      scope: event.scope,
      node: event.node,
      activation: event.activation,
      status: "running",
      attempts: [...(before?.attempts ?? []).filter((other) => other.path !== event.path), attempt],
      inputs: before?.inputs ?? event.inputs,
      outputs: {},
      error: null,
      handled: false,
      edges: [],
      seq: before?.seq ?? event.seq,
    });
  },
  node_finished: (state, event) => {
    settleStep(state, event, "succeeded", null);
    for (const write of event.writes) state.writes.push({ ...write, path: event.path, atUs: event.at_us });
  },
  node_failed: (state, event) => {
    settleStep(state, event, "failed", event.error);
    cutOff(state, event.path, event.at_us);
  },
  node_retrying: (state, event) => {
    const key = activationKey(event.scope, event.node, event.activation);
    const step = state.steps.get(key);
    if (!step) return;
    const attempts = closeAttempt(step.attempts, { status: "failed", error: event.error, endedUs: event.at_us, retryAtUs: event.retry_at_us });
    setStep(state, key, { status: "retrying", error: event.error, attempts });
    cutOff(state, event.path, event.at_us);
  },
  node_skipped: (state, event) => {
    const key = activationKey(event.scope, event.node, event.activation);
    const { scope, node, activation, seq } = event;
    state.steps.set(key, {
      key,
      scope,
      node,
      activation,
      seq,
      status: "skipped",
      attempts: [],
      inputs: {},
      outputs: {},
      error: null,
      handled: false,
      edges: [],
    });
  },
  effect_started: (state, event) => {
    const known = state.effects.get(event.path);
    if (known) {
      state.effects.set(event.path, { ...known, status: "running", attempts: known.attempts + 1, fingerprint: event.fingerprint, endedUs: null });
      if (event.kind === "model") state.usage = { ...state.usage, repeated: state.usage.repeated + 1 };
      return;
    }
    state.effects.set(event.path, openEffect(event, event.waits ? "waiting" : "running"));
    if (event.waits) markWaiting(state, event.path, "running", "waiting");
  },
  effect_attempt_failed: (state, event) => {
    const effect = state.effects.get(event.path);
    if (!effect) return;
    const failure = { attempt: event.attempt, atUs: event.at_us, error: event.error, retryInS: event.retry_in_s, usage: event.usage };
    state.effects.set(event.path, { ...effect, failures: [...effect.failures, failure] });
    state.usage = addUsage(state.usage, event.usage);
  },
  effect_finished: closeEffect,
  effect_failed: closeEffect,
  effect_refused: (state, event) => {
    const known = state.effects.get(event.path);
    state.effects.set(event.path, known ? { ...known, status: "refused", gate: event.gate, endedUs: event.at_us } : openEffect(event, "refused"));
  },
  effect_reused: (state, event) => {
    const source = state.effects.get(event.of);
    if (source) state.effects.set(event.path, { ...source, path: event.path, usage: null, attempts: 0, failures: [], startedUs: event.at_us, endedUs: event.at_us });
  },
  effect_unknown: (state, event) => {
    const effect = state.effects.get(event.path);
    if (effect) state.effects.set(event.path, { ...effect, status: "unknown", endedUs: event.at_us });
  },
  replay_adopted: (state, event) => {
    const effect = state.effects.get(event.path);
    if (effect) state.effects.set(event.path, { ...effect, adopted: true, fingerprint: event.fingerprint });
  },
  decision: (state, event) => {
    state.decisions.push(event);
  },
  thought: note,
  correction: note,
  planned: note,
  considered: note,
  reflected: note,
  summarised: note,
  agent_heard: note,
  agent_told: (state, event) => {
    state.told.push(event);
  },
};

/** Takes one event in. Events must come in order; one already taken in is ignored. */
export function applyEvent(state: RunState, event: RunEvent): void {
  if (event.seq <= state.lastSeq) return;
  const apply = appliers[event.type] as ((state: RunState, event: RunEvent) => void) | undefined;
  apply?.(state, event);
  state.lastSeq = event.seq;
  state.lastUs = Math.max(state.lastUs, event.at_us);
}

export function fold(events: Iterable<RunEvent>): RunState {
  const state = emptyState();
  for (const event of events) applyEvent(state, event);
  return state;
}
