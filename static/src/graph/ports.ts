/** Which ports a node has, and what fits into what. */
import type { Json, Node, NodeKindSchema, Port, PortType } from "../contract";

export type Kinds = ReadonlyMap<string, NodeKindSchema>;

export const ERROR_PORT: Port = { name: "error", title: "Error", type: "object", many: false, inner: false, modality: null };

function namesFrom(value: Json | undefined, field: string): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) => {
    if (typeof entry === "string") return [entry];
    if (entry !== null && typeof entry === "object" && !Array.isArray(entry)) {
      const name = entry[field];
      return typeof name === "string" && name !== "" ? [name] : [];
    }
    return [];
  });
}

export function inputPorts(kind: NodeKindSchema): Port[] {
  return kind.inputs;
}

/** The kind's outputs, one more for each entry of `ports_from`, and the error port when errors leave by it. */
export function outputPorts(node: Pick<Node, "params" | "on_error">, kind: NodeKindSchema): Port[] {
  const ports = [...kind.outputs];
  if (kind.ports_from !== null) {
    const seen = new Set(ports.map((port) => port.name));
    for (const name of namesFrom(node.params[kind.ports_from.param] ?? kind.defaults[kind.ports_from.param], kind.ports_from.name)) {
      if (seen.has(name)) continue;
      seen.add(name);
      ports.push({ name, title: name, type: "any", many: false, inner: false, modality: null });
    }
  }
  if (node.on_error === "port" && !ports.some((port) => port.name === ERROR_PORT.name)) ports.push(ERROR_PORT);
  return ports;
}

/** Whether what leaves a port of type `source` may enter a port of type `target`. */
export function fits(source: PortType, target: Port): boolean {
  return source === "any" || target.type === "any" || target.many || source === target.type;
}

export function portTitle(port: Port): string {
  return port.title || port.name;
}
