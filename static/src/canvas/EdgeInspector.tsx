import { Trash2 } from "lucide-react";
import { useMemo } from "react";
import type { Edge } from "../contract";
import { SchemaForm } from "../forms";
import { removeEdges, updateEdge } from "../graph";
import { ProblemList } from "./ProblemList";
import { EDGE_SETTINGS } from "./settingsSchemas";
import { useEditor, useEditorStore } from "./store";

export function EdgeInspector({ id }: { id: string }) {
  const store = useEditorStore();
  const edge = useEditor((view) => view.graph.edges.find((one) => one.id === id));
  const mayEdit = useEditor((view) => view.may.edit);
  const all = useEditor((view) => view.problems);
  const problems = useMemo(() => all.filter((problem) => problem.edge === id), [all, id]);
  if (!edge) return null;
  const value = { label: edge.label, condition: edge.condition, otherwise: edge.otherwise, max_iterations: edge.max_iterations };
  return (
    <>
      <header className="inspector-head">
        <div className="inspector-names">
          <h2>Edge</h2>
          <span className="muted mono">
            {edge.source}.{edge.source_port} → {edge.target}.{edge.target_port}
          </span>
        </div>
        {mayEdit ? (
          <button type="button" className="button button-quiet button-icon" aria-label="Delete this edge" title="Delete" onClick={() => store.edit(removeEdges(store.getState().graph, [id]))}>
            <Trash2 aria-hidden />
          </button>
        ) : null}
      </header>
      <ProblemList problems={problems} />
      <div className="inspector-body">
        <SchemaForm
          schema={EDGE_SETTINGS}
          value={value}
          disabled={!mayEdit}
          onChange={(next, field) => store.edit(updateEdge(store.getState().graph, id, next as unknown as Partial<Edge>), `${id}.${field}`)}
        />
      </div>
    </>
  );
}
