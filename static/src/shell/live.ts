/**
 * The tenant's live feed: keeps the approvals badge true, and the row of every run a page shows
 * (`[data-run="<id>"]`): its status badge, its open questions, its tokens and its cost.
 * Changes that may have been missed are asked for: when the feed opens, and when the server says so.
 */
import { STATUS_WORD, formatCost, formatCount, plural } from "../figures";
import type { RunSummary } from "../api";

type ShownRun = Pick<RunSummary, "id" | "status" | "waiting" | "usage">;
type Frame = { type: "approvals"; count: number } | { type: "resync" } | { type: "run"; run: ShownRun };

const RETRY_MS = [1_000, 2_000, 5_000, 15_000];
const FINAL_CODES: ReadonlySet<number> = new Set([4400, 4401, 4404, 4416]);

function showCount(count: number): void {
  for (const badge of document.querySelectorAll<HTMLElement>("[data-approvals-count]")) {
    badge.textContent = String(count);
    badge.hidden = count === 0;
  }
}

function showRun(run: ShownRun): void {
  const { input_tokens, output_tokens, cost_nano_usd } = run.usage;
  for (const row of document.querySelectorAll<HTMLElement>(`[data-run="${CSS.escape(run.id)}"]`)) {
    const badge = row.querySelector<HTMLElement>(".badge[data-status]");
    if (badge) badge.dataset.status = run.status;
    write(badge, STATUS_WORD[run.status]);
    const questions = row.querySelector<HTMLElement>("[data-questions]");
    if (questions) questions.hidden = run.waiting === 0;
    write(questions, plural(run.waiting, "question").replace(" ", "\u00a0"));
    write(row.querySelector("[data-tokens]"), formatCount(input_tokens + output_tokens));
    write(row.querySelector("[data-cost]"), formatCost(cost_nano_usd));
  }
}

/** Leaves alone what reads so already: a text that somebody marks stays marked. */
function write(element: Element | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
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
