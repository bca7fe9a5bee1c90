/** A run watched over a bad connection: whatever is lost, doubled or late, the page ends with the whole log. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Graph, RunEvent } from "../contract";
import { dice } from "../dice";
import { createFaceStore } from "../nodes";
import { fold } from "./applyEvent";
import { sampleLog } from "./sampleLog";
import { RunSocket } from "./socket";
import { createTraceStore } from "./store";
import { wholeState } from "./wholeState";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watch(log: readonly RunEvent[]) {
  const store = createTraceStore({ nodes: [], edges: [] } as unknown as Graph, createFaceStore());
  let socket: WebSocket | null = null;
  let after = 0;
  let written = 0;
  const client = new RunSocket({
    url: "/ws/",
    after: 0,
    onEvents: (events) => store.take(events),
    onDeltas: () => undefined,
    onLink: () => undefined,
    wait: (run) => Number(setTimeout(run, 10)),
    open: (url) => {
      after = Number(url.split("=")[1]);
      socket = { send: (text: string) => catchUp((JSON.parse(text) as { after: number }).after), close: () => undefined } as unknown as WebSocket;
      setTimeout(() => catchUp(after), 1);
      return socket;
    },
  });
  const say = (frame: object) => socket?.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent);
  const catchUp = (from: number) => {
    say({ type: "events", events: log.slice(from, written) });
    say({ type: "caught_up", last_seq: written });
  };
  return {
    store,
    begin: () => client.start(),
    write: (count: number) => (written = Math.min(log.length, written + count)),
    frame: (from: number, to: number) => say({ type: "events", events: log.slice(from, Math.min(to, written)) }),
    cut: () => {
      const dead = socket;
      socket = null;
      dead?.onclose?.({ code: 1006 } as CloseEvent);
    },
    written: () => written,
  };
}

test("through losses, doubles, late frames and broken connections", () => {
  const log = sampleLog(6);
  for (let seed = 1; seed <= 60; seed += 1) {
    const roll = dice(seed);
    const { store, begin, write, frame, cut, written } = watch(log);
    begin();
    while (written() < log.length) {
      const from = written();
      write(1 + roll(5));
      const fate = roll(10);
      if (fate <= 5) frame(from, written());
      if (fate === 5) frame(from, written());
      if (fate === 6) frame(Math.max(0, from - roll(20)), written());
      if (fate === 7) cut();
      vi.advanceTimersByTime(roll(30));
    }
    cut();
    vi.advanceTimersByTime(60_000);
    expect(store.getState().events.map((event) => event.seq)).toEqual(log.map((event) => event.seq));
    expect(wholeState(store.getState().run)).toEqual(wholeState(fold(log)));
  }
});

test("ten thousand events come in at once and in pieces, each once", () => {
  const log: RunEvent[] = Array.from({ length: 10_000 }, (_, index) => ({ v: 1, type: index % 2 ? "run_unpaused" : "run_paused", seq: index + 1, at_us: index, by: "" }));
  const { store, begin, write, frame } = watch(log);
  begin();
  vi.advanceTimersByTime(5);
  write(10_000);
  for (let from = 0; from < 10_000; from += 997) frame(from, from + 1_500);
  vi.advanceTimersByTime(60_000);
  expect([store.getState().events.length, store.getState().run.lastSeq]).toEqual([10_000, 10_000]);
});
