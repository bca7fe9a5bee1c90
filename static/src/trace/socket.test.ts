import { expect, test } from "vitest";
import type { RunEvent } from "../contract";
import { takeIn } from "./feed";
import { RunSocket, backoff, type Delta, type Link } from "./socket";

const event = (seq: number): RunEvent => ({ v: 1, type: "run_paused", seq, at_us: seq, by: "" });

function connect(after = 0) {
  const opened: { url: string; sent: string[]; socket: WebSocket }[] = [];
  const seen: number[] = [];
  const links: Link[] = [];
  const deltas: Delta[] = [];
  const waits: (() => void)[] = [];
  const client = new RunSocket({
    url: "/ws/runs/1/",
    after,
    onEvents: (events) => seen.push(...events.map((one) => one.seq)),
    onDeltas: (batch) => deltas.push(...batch),
    onLink: (link) => links.push(link),
    open: (url) => {
      const sent: string[] = [];
      const socket = { send: (text: string) => sent.push(text), close: () => undefined } as unknown as WebSocket;
      opened.push({ url, sent, socket });
      return socket;
    },
    wait: (run) => waits.push(run),
  });
  client.start();
  const latest = () => opened[opened.length - 1] as (typeof opened)[number];
  const frame = (body: object) => latest().socket.onmessage?.({ data: JSON.stringify(body) } as MessageEvent);
  const close = (code: number) => latest().socket.onclose?.({ code } as CloseEvent);
  return { client, opened, seen, links, deltas, waits, latest, frame, close };
}

test("what is known is dropped, a hole ends the intake", () => {
  expect(takeIn(2, [event(1), event(2), event(3), event(5)])).toMatchObject({ accepted: [{ seq: 3 }], gap: true });
  expect(takeIn(2, [event(3), event(4)])).toMatchObject({ gap: false });
});

test("the socket asks for what follows its last event", () => {
  const { latest } = connect(41);
  expect(latest().url).toBe("/ws/runs/1/?after=41");
});

test("events arrive once, in order, whatever is sent twice", () => {
  const { frame, seen } = connect();
  frame({ type: "events", events: [event(1), event(2)] });
  frame({ type: "events", events: [event(2), event(3)] });
  expect(seen).toEqual([1, 2, 3]);
});

test("a hole is asked for once and then filled", () => {
  const { frame, seen, latest } = connect();
  frame({ type: "events", events: [event(1)] });
  frame({ type: "events", events: [event(4)] });
  frame({ type: "events", events: [event(5)] });
  expect(latest().sent.map((text) => JSON.parse(text) as unknown)).toEqual([{ type: "resync", after: 1 }]);
  frame({ type: "events", events: [event(2), event(3), event(4), event(5)] });
  expect(seen).toEqual([1, 2, 3, 4, 5]);
});

test("after a lost connection it goes on from where it was", () => {
  const { frame, close, waits, latest, links, seen } = connect();
  frame({ type: "events", events: [event(1), event(2)] });
  frame({ type: "caught_up", last_seq: 2 });
  close(1006);
  waits[0]?.();
  expect(latest().url).toBe("/ws/runs/1/?after=2");
  frame({ type: "events", events: [event(3)] });
  expect(seen).toEqual([1, 2, 3]);
  expect(links).toEqual(["connecting", "live", "reconnecting", "reconnecting"]);
});

test.each([4400, 4401, 4404, 4416])("a refusal is final: %i", (code) => {
  const { close, waits, links } = connect();
  close(code);
  expect(waits).toHaveLength(0);
  expect(links.at(-1)).toBe("refused");
});

test.each([1006, 4408, 4429, 4500, 4503])("after what passes by itself it connects again: %i", (code) => {
  const { close, waits, links } = connect();
  close(code);
  expect(waits).toHaveLength(1);
  expect(links.at(-1)).toBe("reconnecting");
});

test("a stopped socket stays closed", () => {
  const { client, close, waits } = connect();
  client.stop();
  close(1000);
  expect(waits).toHaveLength(0);
});

test("streamed text passes through", () => {
  const { frame, deltas } = connect();
  frame({ type: "deltas", deltas: [{ path: "a#1/model.1", text: "Hel" }] });
  expect(deltas).toEqual([{ path: "a#1/model.1", text: "Hel" }]);
});

test("waits between tries grow and are bounded", () => {
  expect(backoff(0, 0.5)).toBe(400);
  expect(backoff(3, 0.5)).toBe(3_200);
  expect(backoff(30, 1)).toBeLessThanOrEqual(15_000 * 1.25);
});
