import { Trash2 } from "lucide-react";
import type { Edge, Node } from "../contract";
import { Field } from "../forms";
import { checkConnection, connect, inputPorts, outputPorts, portTitle, removeEdges, type Connection } from "../graph";
import { useEditor, useEditorStore } from "./store";

/** The edges of a node as a list, so that they can be made and taken away without a pointer. */
export function Connections({ node }: { node: Node }) {
  const store = useEditorStore();
  const graph = useEditor((view) => view.graph);
  const kinds = useEditor((view) => view.kinds);
  const mayEdit = useEditor((view) => view.may.edit);
  const kind = kinds.get(node.kind);
  const nameOf = (id: string) => {
    const found = graph.nodes.find((one) => one.id === id);
    return found ? found.title || kinds.get(found.kind)?.title || id : id;
  };
  const into = graph.edges.filter((edge) => edge.target === node.id);
  const join = (connection: Connection) => {
    const result = connect(graph, kinds, connection);
    if ("reason" in result) store.say(result.reason);
    else store.edit(result.graph);
  };
  return (
    <div className="stack">
      {(kind ? outputPorts(node, kind) : []).map((port) => {
        const targets = mayEdit ? openTargets(node.id, port.name) : [];
        return (
          <div className="stack" key={port.name}>
            <Field title={`From ${portTitle(port)}`}>
              {(ids) => (
                <select id={ids.id} className="select" value="" disabled={targets.length === 0} onChange={(event) => {
                  const target = targets[Number(event.target.value)];
                  if (target) join(target);
                }}>
                  <option value="">{targets.length === 0 ? "Nothing to connect to" : "Connect to"}</option>
                  {targets.map((target, index) => (
                    <option key={`${target.target} ${target.target_port}`} value={index}>
                      {nameOf(target.target)}, {target.target_port}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <EdgeList edges={graph.edges.filter((edge) => edge.source === node.id && edge.source_port === port.name)} write={(edge) => `to ${nameOf(edge.target)}`} />
          </div>
        );
      })}
      <h3>Into this node</h3>
      {into.length === 0 ? <p className="muted">No edges yet.</p> : <EdgeList edges={into} write={(edge) => `from ${nameOf(edge.source)}, ${edge.source_port}`} />}
    </div>
  );

  function openTargets(source: string, source_port: string): Connection[] {
    return graph.nodes.flatMap((other) => {
      const otherKind = kinds.get(other.kind);
      return (otherKind ? inputPorts(otherKind) : [])
        .map((port) => ({ source, source_port, target: other.id, target_port: port.name }))
        .filter((connection) => checkConnection(graph, kinds, connection).ok);
    });
  }
}

function EdgeList({ edges, write }: { edges: readonly Edge[]; write: (edge: Edge) => string }) {
  const store = useEditorStore();
  const mayEdit = useEditor((view) => view.may.edit);
  return (
    <ul className="edge-list">
      {edges.map((edge) => (
        <li key={edge.id}>
          <button type="button" className="link" onClick={() => store.select([], [edge.id])}>
            {write(edge)}
          </button>
          {mayEdit ? (
            <button type="button" className="button button-quiet button-icon" aria-label={`Delete the edge ${write(edge)}`} onClick={() => store.edit(removeEdges(store.getState().graph, [edge.id]))}>
              <Trash2 aria-hidden />
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
