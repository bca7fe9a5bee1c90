/** What a state is called. Its colour is a CSS token of the same name, its icon is in controls. */
import type { EffectStatus, NodeStatus, RunStatus } from "../contract";

export type AnyStatus = RunStatus | NodeStatus | EffectStatus | "idle";

export const STATUS_WORD: Record<AnyStatus, string> = {
  idle: "Not started",
  queued: "Queued",
  running: "Running",
  waiting: "Waiting",
  paused: "Paused",
  retrying: "Retrying",
  succeeded: "Succeeded",
  failed: "Failed",
  refused: "Refused",
  unknown: "Outcome unknown",
  cancelled: "Cancelled",
  crashed: "Crashed",
  limit_exceeded: "Limit exceeded",
  skipped: "Skipped",
};

export function isStatus(text: string): text is AnyStatus {
  return Object.hasOwn(STATUS_WORD, text);
}

const TERMINAL: ReadonlySet<AnyStatus> = new Set(["succeeded", "failed", "cancelled", "crashed", "limit_exceeded"]);

export function isTerminal(status: RunStatus): boolean {
  return TERMINAL.has(status);
}

const BAD: ReadonlySet<AnyStatus> = new Set(["failed", "crashed", "refused", "unknown", "limit_exceeded"]);

export function isBad(status: AnyStatus): boolean {
  return BAD.has(status);
}
