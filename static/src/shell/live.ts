/**
 * The tenant's live feed: keeps the approvals badge true, and the status badge of every run
 * a page shows (`[data-run="<id>"] .badge[data-status]`). Pages that need more listen for
 * the `baton:run` event. Changes that may have been missed are asked for: when the feed
 * opens, and when the server says so.
 */
import { STATUS_WORD } from "../figures";
import type { RunStatus } from "../contract";

type Frame = { type: "approvals"; count: number } | { type: "resync" } | { type: "run"; run: { id: string; status: RunStatus } };

const RETRY_MS = [1_000, 2_000, 5_000, 15_000];
const FINAL_CODES: ReadonlySet<number> = new Set([4400, 4401, 4404, 4416]);

function showCount(count: number): void {
  for (const badge of document.querySelectorAll<HTMLElement>("[data-approvals-count]")) {
    badge.textContent = String(count);
    badge.hidden = count === 0;
  }
}

function showRun(run: { id: string; status: RunStatus }): void {
  for (const badge of document.querySelectorAll<HTMLElement>(`[data-run="${CSS.escape(run.id)}"] .badge[data-status]`)) {
    badge.dataset.status = run.status;
    badge.textContent = STATUS_WORD[run.status];
  }
  document.dispatchEvent(new CustomEvent("baton:run", { detail: run }));
}

const AT_ONCE = 500;

function askForShown(socket: WebSocket): void {
  const shown = [...document.querySelectorAll<HTMLElement>("[data-run]")].map((row) => row.dataset.run);
  if (shown.length) socket.send(JSON.stringify({ type: "runs", runs: shown.slice(0, AT_ONCE) }));
}

function listen(attempt: number): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/live/`);
  let tries = attempt;
  socket.onopen = () => askForShown(socket);
  socket.onmessage = (message: MessageEvent<string>) => {
    tries = 0;
    const frame = JSON.parse(message.data) as Frame;
    if (frame.type === "approvals") showCount(frame.count);
    if (frame.type === "run") showRun(frame.run);
    if (frame.type === "resync") askForShown(socket);
  };
  socket.onclose = (event) => {
    if (FINAL_CODES.has(event.code)) return;
    window.setTimeout(() => listen(tries + 1), RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
  };
}

export function startLive(): void {
  if (document.querySelector("[data-approvals-count]")) listen(0);
}
