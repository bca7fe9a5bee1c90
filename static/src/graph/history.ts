/** Undo and redo over whole documents. Documents share what did not change, so this is cheap. */
export interface History<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  /** Which field was edited last and when: typing in one field is one step. */
  last: { key: string; at: number } | null;
}

const DEPTH = 200;
const PAUSE_MS = 1_200;

export function startHistory<T>(present: T): History<T> {
  return { past: [], present, future: [], last: null };
}

export function record<T>(history: History<T>, next: T, at: number, key: string | null = null): History<T> {
  if (next === history.present) return history;
  const continues = key !== null && history.last?.key === key && Math.abs(at - history.last.at) < PAUSE_MS;
  return {
    past: continues ? history.past : [...history.past, history.present].slice(-DEPTH),
    present: next,
    future: [],
    last: key === null ? null : { key, at },
  };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), present: before, future: [history.present, ...history.future], last: null };
}

export function redo<T>(history: History<T>): History<T> {
  const [after, ...future] = history.future;
  if (after === undefined) return history;
  return { past: [...history.past, history.present], present: after, future, last: null };
}
