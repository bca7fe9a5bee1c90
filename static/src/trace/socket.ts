/** The live log of a run over a websocket: in order, without holes, through reconnects. */
import type { RunEvent } from "../contract";
import { takeIn } from "./feed";

export interface Delta {
  path: string;
  text: string;
}

export type Link = "connecting" | "live" | "reconnecting" | "closed" | "refused";

export interface RunSocketOptions {
  url: string;
  after: number;
  onEvents: (events: RunEvent[]) => void;
  onDeltas: (deltas: Delta[]) => void;
  onLink: (link: Link) => void;
  open?: (url: string) => WebSocket;
  wait?: (run: () => void, ms: number) => number;
}

type Frame =
  | { type: "events"; events: RunEvent[] }
  | { type: "deltas"; deltas: Delta[] }
  | { type: "caught_up"; last_seq: number }
  | { type: "error"; code: string; message: string; cure: string };

/** Not understood, not signed in, not found, no such event: asking again changes nothing. */
const FINAL_CODES: ReadonlySet<number> = new Set([4400, 4401, 4404, 4416]);
const LONGEST_WAIT_MS = 15_000;

export function backoff(attempt: number, random = Math.random()): number {
  return Math.min(LONGEST_WAIT_MS, 400 * 2 ** attempt) * (0.75 + random / 2);
}

export class RunSocket {
  private socket: WebSocket | null = null;
  private lastSeq: number;
  private attempt = 0;
  private resyncing = false;
  private stopped = false;

  constructor(private readonly options: RunSocketOptions) {
    this.lastSeq = options.after;
  }

  start(): void {
    this.options.onLink(this.attempt === 0 ? "connecting" : "reconnecting");
    const open = this.options.open ?? ((url: string) => new WebSocket(url));
    const socket = open(`${this.options.url}?after=${this.lastSeq}`);
    this.socket = socket;
    this.resyncing = false;
    socket.onmessage = (message: MessageEvent<string>) => this.receive(JSON.parse(message.data) as Frame);
    socket.onclose = (event) => this.closed(event.code);
  }

  stop(): void {
    this.stopped = true;
    this.socket?.close(1000);
    this.options.onLink("closed");
  }

  private receive(frame: Frame): void {
    if (frame.type === "deltas") this.options.onDeltas(frame.deltas);
    if (frame.type === "events") this.take(frame.events);
    if (frame.type === "caught_up") {
      this.attempt = 0;
      this.options.onLink("live");
      if (frame.last_seq > this.lastSeq) this.resync();
    }
  }

  private take(events: RunEvent[]): void {
    const { accepted, gap } = takeIn(this.lastSeq, events);
    const last = accepted.at(-1);
    if (last) {
      this.lastSeq = last.seq;
      this.resyncing = false;
      this.options.onEvents(accepted);
    }
    if (gap) this.resync();
  }

  private resync(): void {
    if (this.resyncing) return;
    this.resyncing = true;
    this.socket?.send(JSON.stringify({ type: "resync", after: this.lastSeq }));
  }

  private closed(code: number): void {
    this.socket = null;
    if (this.stopped) return;
    if (FINAL_CODES.has(code)) {
      this.options.onLink("refused");
      return;
    }
    this.options.onLink("reconnecting");
    const wait = this.options.wait ?? ((run: () => void, ms: number) => window.setTimeout(run, ms));
    wait(() => {
      if (!this.stopped) this.start();
    }, backoff(this.attempt));
    this.attempt += 1;
  }
}
