/** A run of a small triage graph, of any size, for the tests of this folder. */
import type { EffectStarted, ErrorInfo, Json, RunEvent, Usage } from "../contract";

type Body = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, "v" | "seq" | "at_us"> : never) : never;

const usage: Usage = { input_tokens: 120, output_tokens: 40, cached_tokens: 0, cost_nano_usd: 61_000, priced: true, estimated: false };
const failure: ErrorInfo = {
  code: "model_rate_limited",
  message: "The provider answered 429.",
  cure: "Wait, or lower the concurrency of the map.",
  retryable: true,
  retry_after_s: 1,
  path: null,
};

export const ORIGIN_US = 1_700_000_000_000_000;

class Log {
  readonly events: RunEvent[] = [];
  private now = ORIGIN_US;

  add(body: Body, afterUs = 1_000): void {
    this.now += afterUs;
    this.events.push({ ...body, v: 1, seq: this.events.length + 1, at_us: this.now } as RunEvent);
  }

  step(scope: string, node: string, work: (path: string) => void, inputs: Record<string, Json> = {}): void {
    const path = `${scope === "" ? "" : `${scope}/`}${node}#1`;
    const about = { path, scope, node, activation: 1 };
    this.add({ type: "node_started", ...about, attempt: 1, inputs });
    work(path);
    this.add({ type: "node_finished", ...about, outputs: { out: { from: node } }, edges: [`${node}_next`], writes: [] });
  }
}

export function effect(path: string, kind: string, name: string, request: Json): Omit<EffectStarted, "v" | "seq" | "at_us"> {
  return {
    type: "effect_started",
    path,
    kind,
    name,
    agent: kind === "model" ? "classifier" : "",
    fingerprint: path,
    request,
    waits: kind === "human",
    safety: "pure",
    idempotency_key: "",
    gate: kind === "tool" ? { verdict: "allow", layer: "policy", rule: "tools[0]", reason: "Allowed for every agent", cure: "", policy_version: 3 } : null,
    retried: false,
  };
}

const said = (text: string): Json => [{ type: "text", text }];

function callModel(log: Log, path: string, text: string): void {
  const messages: Json = [
    { role: "system", content: said("You sort support tickets."), reasoning: "", tool_requests: [], tool_request_id: null, name: null },
    { role: "user", content: said(text), reasoning: "", tool_requests: [], tool_request_id: null, name: null },
  ];
  log.add(effect(path, "model", "demo/lexical", { model: "demo/lexical", messages, tools: [] }));
  const message: Json = { role: "assistant", content: said('{"category": "billing", "confidence": 0.82}'), reasoning: "", tool_requests: [], tool_request_id: null, name: null };
  const result: Json = { message, model: "demo/lexical", finish: "stop", usage: { ...usage }, demo: true };
  log.add({ type: "effect_finished", path, result, usage, by: "", by_id: "" }, 180_000);
}

/** `items` tickets: each is classified and looked up; `end` says how the run goes on. */
export function sampleLog(items: number, end: "succeeded" | "waiting" | "failed" | "running" = "succeeded"): RunEvent[] {
  const log = new Log();
  log.add({ type: "run_started", input: { tickets: items } });
  log.add({ type: "run_claimed", worker: "worker-1", build: "", epoch: 1, cause: "first" });
  log.step("", "tickets", () => undefined);
  log.add({ type: "node_started", path: "triage#1", scope: "", node: "triage", activation: 1, attempt: 1, inputs: { in: [] } });
  for (let item = 0; item < items; item += 1) {
    const scope = `triage#1/item.${item}`;
    const text = `Ticket ${item}: I was charged twice for my order.`;
    log.add({ type: "scope_started", scope, parent: "", node: "triage", index: item, label: `Ticket ${item}`, seed: { id: item, text } });
    log.step(scope, "classify", (path) => callModel(log, `${path}/model.1`, text), { in: text });
    log.step(scope, "lookup", (path) => {
      log.add(effect(`${path}/tool.1`, "tool", "csv_lookup", { file: "orders.csv", id: item }));
      log.add({ type: "effect_finished", path: `${path}/tool.1`, result: { order: item, total: "19.90" }, usage: null, by: "", by_id: "" }, 22_000);
    });
    if (item === items - 1 && end === "running") return log.events;
    log.add({ type: "scope_finished", scope, output: { id: item, category: "billing", confidence: 0.82 }, error: null });
  }
  log.add({ type: "node_finished", path: "triage#1", scope: "", node: "triage", activation: 1, outputs: { out: [] }, edges: ["triage_approve"], writes: [] });
  finish(log, items, end);
  return log.events;
}

function finish(log: Log, items: number, end: string): void {
  const about = { scope: "", node: "approve", activation: 1 };
  log.add({ type: "node_started", ...about, path: "approve#1", attempt: 1, inputs: {} });
  log.add(
    effect("approve#1/human.1", "human", "Refund over $100", {
      mode: "approval",
      title: "Refund over $100",
      message: "The drafter wants to refund order 1042. Sentiment of the ticket is negative.",
      payload: { tool: "refund", arguments: { order: 1042, amount: "129.00" } },
      actions: [
        { name: "approve", title: "Approve", style: "primary" },
        { name: "reject", title: "Reject", style: "danger" },
      ],
      answer_schema: { type: "object", properties: { note: { type: "string", title: "Note to the customer" } } },
      digest: "3f8a1c0de9b74411aa02",
      deadline_us: null,
    }),
  );
  if (end === "waiting") {
    log.add({ type: "run_suspended", waiting_on: ["approve#1/human.1"], wake_at_us: null });
    return;
  }
  log.add({ type: "run_suspended", waiting_on: ["approve#1/human.1"], wake_at_us: null });
  log.add({ type: "run_claimed", worker: "worker-2", build: "", epoch: 2, cause: "woken" }, 1_500_000);
  log.add({ type: "effect_finished", path: "approve#1/human.1", result: { action: "approve", value: null, comment: "" }, usage: null, by: "demo", by_id: "" });
  if (end === "failed") {
    log.add(effect("approve#1/model.1", "model", "openai/gpt-5-mini", { model: "openai/gpt-5-mini", messages: [] }));
    log.add({ type: "effect_failed", path: "approve#1/model.1", error: failure, usage: null }, 400_000);
    log.add({ type: "node_retrying", ...about, path: "approve#1", attempt: 1, error: failure, retry_at_us: 0 });
    log.add({ type: "node_started", ...about, path: "approve#1~2", attempt: 2, inputs: {} }, 300_000);
    log.add({ type: "node_failed", ...about, path: "approve#1~2", error: failure, handled: false, outputs: {}, edges: [] }, 200_000);
    log.add({ type: "run_failed", error: failure });
    return;
  }
  log.add({ type: "node_finished", ...about, path: "approve#1", outputs: { out: {} }, edges: [], writes: [{ channel: "approved", reducer: "sum", initial: 0, value: 1 }] });
  const rows = Array.from({ length: items }, (_, id) => ({ id, category: "billing", confidence: 0.82 }));
  log.add({ type: "run_succeeded", output: { rows } });
}
