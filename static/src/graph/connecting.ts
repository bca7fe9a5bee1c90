/** Whether two ports may be joined, and if not, why. */
import type { Edge, Graph } from "../contract";
import { findNode } from "./document";
import { fits, inputPorts, outputPorts, portTitle, type Kinds } from "./ports";

export interface Connection {
  source: string;
  source_port: string;
  target: string;
  target_port: string;
}

export type ConnectionCheck = { ok: true; closesCycle: boolean } | { ok: false; reason: string };

const refused = (reason: string): ConnectionCheck => ({ ok: false, reason });

/** The set of nodes an end belongs to: an inner port belongs to the body of its node. */
function scopeOf(graph: Graph, id: string, inner: boolean): string | null {
  return inner ? id : (findNode(graph, id)?.parent ?? null);
}

function isInner(graph: Graph, kinds: Kinds, id: string, port: string, side: "source" | "target"): boolean {
  const node = findNode(graph, id);
  const kind = node && kinds.get(node.kind);
  if (!node || !kind) return false;
  const ports = side === "source" ? outputPorts(node, kind) : inputPorts(kind);
  return ports.find((candidate) => candidate.name === port)?.inner ?? false;
}

/** A container stands for three places: itself, the entry and the exit of its body. */
function place(id: string, inner: boolean, side: "source" | "target"): string {
  if (!inner) return id;
  return side === "source" ? `${id} entry` : `${id} exit`;
}

/** Whether a new edge would let a value come back to where it started. */
export function closesCycle(graph: Graph, kinds: Kinds, connection: Connection): boolean {
  const next = new Map<string, string[]>();
  for (const edge of graph.edges) {
    const from = place(edge.source, isInner(graph, kinds, edge.source, edge.source_port, "source"), "source");
    const to = place(edge.target, isInner(graph, kinds, edge.target, edge.target_port, "target"), "target");
    next.set(from, [...(next.get(from) ?? []), to]);
  }
  const start = place(connection.target, isInner(graph, kinds, connection.target, connection.target_port, "target"), "target");
  const goal = place(connection.source, isInner(graph, kinds, connection.source, connection.source_port, "source"), "source");
  const open = [start];
  const seen = new Set<string>();
  while (open.length > 0) {
    const at = open.pop() as string;
    if (at === goal) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...(next.get(at) ?? []));
  }
  return false;
}

function isSame(edge: Edge, connection: Connection): boolean {
  return (
    edge.source === connection.source &&
    edge.target === connection.target &&
    edge.source_port === connection.source_port &&
    edge.target_port === connection.target_port
  );
}

export function checkConnection(graph: Graph, kinds: Kinds, connection: Connection): ConnectionCheck {
  const source = findNode(graph, connection.source);
  const target = findNode(graph, connection.target);
  if (!source || !target) return refused("One of the two nodes is no longer there.");
  const sourceKind = kinds.get(source.kind);
  const targetKind = kinds.get(target.kind);
  if (!sourceKind || !targetKind) return refused("One of the two nodes is of a kind this server does not know.");
  if (targetKind.inputs.length === 0) return refused(`${targetKind.title} takes no input.`);
  const out = outputPorts(source, sourceKind).find((port) => port.name === connection.source_port);
  if (!out) return refused(`${source.title || sourceKind.title} has no output named "${connection.source_port}".`);
  const into = inputPorts(targetKind).find((port) => port.name === connection.target_port);
  if (!into) return refused(`${target.title || targetKind.title} has no input named "${connection.target_port}".`);
  if (scopeOf(graph, source.id, out.inner) !== scopeOf(graph, target.id, into.inner)) {
    return refused("An edge may not cross the border of a map. Use the ports on the inside of its frame.");
  }
  if (!fits(out.type, into)) {
    return refused(`"${portTitle(out)}" gives ${out.type}, but "${portTitle(into)}" takes ${into.type}.`);
  }
  if (graph.edges.some((edge) => isSame(edge, connection))) return refused("These two ports are already connected.");
  return { ok: true, closesCycle: closesCycle(graph, kinds, connection) };
}
