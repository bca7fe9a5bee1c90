/** Puts what arrives in order: drops what is known, and notices what is missing. */
import type { RunEvent } from "../contract";

export interface Intake {
  accepted: RunEvent[];
  gap: boolean;
}

/** The events that continue the log after `lastSeq`. A hole ends the intake: the rest must be asked for. */
export function takeIn(lastSeq: number, events: readonly RunEvent[]): Intake {
  const accepted: RunEvent[] = [];
  let last = lastSeq;
  for (const event of events) {
    if (event.seq <= last) continue;
    if (event.seq !== last + 1) return { accepted, gap: true };
    accepted.push(event);
    last = event.seq;
  }
  return { accepted, gap: false };
}
