/** What stands behind a summary: the call that made it, and what it was made of. */
import type { Json, Summarised } from "../contract";
import { parentPath } from "./path";
import type { EffectState, RunState } from "./state";

export interface SummaryOrigin {
  /** The model call that made it. */
  path: string;
  /** Who said what, as the model was shown it: text, or what stands for it where it is big. */
  said: Json;
}

/** Null where the log does not say it any more. */
export function originOf(summary: Summarised, run: RunState): SummaryOrigin | null {
  let found: EffectState | null = null;
  for (const effect of run.effects.values()) {
    const isBefore = effect.endedUs !== null && effect.endedUs <= summary.at_us;
    if (effect.kind === "model" && isBefore && parentPath(effect.path) === parentPath(summary.path) && textOf(at(effect.result, "message")) === summary.text) found = effect;
  }
  const messages = found === null ? null : at(found.request, "messages");
  const last = Array.isArray(messages) ? (messages.at(-1) ?? null) : null;
  if (found === null || last === null) return null;
  const content = at(last, "content");
  return { path: found.path, said: Array.isArray(content) && content.length === 1 ? at(content[0] ?? null, "text") : content };
}

function textOf(message: Json): string {
  const content = at(message, "content");
  if (!Array.isArray(content)) return "";
  return content.map((part) => at(part, "text")).filter((text) => typeof text === "string").join("").trim();
}

function at(value: Json, name: string): Json {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value[name] ?? null) : null;
}
