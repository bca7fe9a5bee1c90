/** The whole of what a log was folded to, as the engine's tests write it of theirs: both must be the same. */
import type { RunEvent } from "../contract";
import { byChannel, valueAfter } from "./channels";
import type { EffectState, RunState, ScopeState, StepState } from "./state";

export function wholeState(state: RunState) {
  const { calls, input_tokens, output_tokens, cost_nano_usd, repeated } = state.usage;
  const steps = [...state.steps.values()];
  const effects = [...state.effects.values()];
  return {
    status: state.status,
    last_seq: state.lastSeq,
    started_at_us: state.startedUs,
    input: state.input,
    output: state.output,
    error: state.error,
    steps: steps.filter((step) => step.attempts.length > 0).length,
    epoch: state.epoch,
    wake_at_us: state.wakeAtUs,
    usage: { calls, input_tokens, output_tokens, cost_nano_usd, repeated },
    scopes: Object.fromEntries([...state.scopes].map(([name, scope]) => [name, scopeJson(scope)])),
    activations: Object.fromEntries(steps.map((step) => [`${step.scope} ${step.node} ${step.activation}`, activationJson(step)])),
    effects: Object.fromEntries(effects.map((effect) => [effect.path, effectJson(effect)])),
    channels: Object.fromEntries([...byChannel(state.writes)].map(([name, writes]) => [name, writes.map((_, index) => valueAfter(writes.slice(0, index + 1)))])),
    notes: [...state.decisions, ...state.notes.filter((note) => note.type !== "agent_heard")].map((note) => note.path).sort(),
    told: Object.fromEntries([...new Set(state.told.map((one) => one.to))].map((to) => [to, state.told.filter((one) => one.to === to).map((one) => one.seq)])),
    heard: Object.fromEntries(state.notes.flatMap((note) => (note.type === "agent_heard" ? [[note.path, note.told]] : []))),
    waiting: effects.filter((effect) => effect.status === "waiting").map((effect) => effect.path).sort(),
  };
}

function scopeJson(scope: ScopeState) {
  const { parent, node, index, label, seed, output, error } = scope;
  return { parent, node, index, label, seed, finished: scope.status === "succeeded" || scope.status === "failed", output, error };
}

/** "Waiting" is for the eye: the step runs, what it waits for waits. */
function activationJson(step: StepState) {
  const { inputs, outputs, edges, error } = step;
  const last = step.attempts.at(-1);
  return {
    status: step.status === "waiting" ? "running" : step.status,
    attempt: last?.number ?? 0,
    begun_seq: step.seq,
    inputs,
    outputs,
    edges,
    error,
    retry_at_us: step.status === "retrying" ? last?.retryAtUs : null,
  };
}

function effectJson(effect: EffectState) {
  const { kind, name, agent, fingerprint, status, safety, request, result, attempts, adopted, error, usage, gate } = effect;
  const failures = effect.failures.map((one) => ({ attempt: one.attempt, at_us: one.atUs, error: one.error, retry_in_s: one.retryInS, usage: one.usage }));
  return { kind, name, agent, fingerprint, status, safety, idempotency_key: effect.idempotencyKey, request, result, attempts, adopted, error, usage, gate, failures };
}

/** A recorded run with what the engine folded it to; of an earlier build, `present` has its events in the form of today. */
export interface GoldenLog {
  events: RunEvent[];
  present?: RunEvent[];
  state: ReturnType<typeof wholeState>;
}
