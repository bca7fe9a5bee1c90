import { Trash2 } from "lucide-react";
import { useContext, useMemo, useState } from "react";
import type { Node } from "../contract";
import { Icon, Tabs } from "../controls";
import { Field, JsonControl, SchemaForm, fieldsOf } from "../forms";
import { findNode, removeNodes, updateNodeAndPorts } from "../graph";
import { FacesContext } from "../nodes";
import { useStore } from "zustand";
import { Connections } from "./Connections";
import { ProblemList } from "./ProblemList";
import { byField } from "./fieldProblems";
import { nodeSettings } from "./settingsSchemas";
import { useEditor, useEditorStore } from "./store";

export function NodeInspector({ id }: { id: string }) {
  const store = useEditorStore();
  const node = useEditor((view) => findNode(view.graph, id));
  const kind = useEditor((view) => (node ? view.kinds.get(node.kind) : undefined));
  const mayEdit = useEditor((view) => view.may.edit);
  const all = useEditor((view) => view.problems);
  const problems = useMemo(() => all.filter((problem) => problem.node === id), [all, id]);
  const hasRun = useStore(useContext(FacesContext), (faces) => faces.nodes[id] !== undefined);
  const [tab, setTab] = useState("parameters");
  if (!node) return null;
  const edit = (patch: Partial<Omit<Node, "id">>, field: string) => {
    const { graph, kinds } = store.getState();
    store.edit(updateNodeAndPorts(graph, kinds, id, patch), `${id}.${field}`);
  };
  const inFields = byField(problems);
  const parameters = () =>
    kind && fieldsOf(kind.params).length === 0 ? (
      <p className="muted">Nothing to set here.</p>
    ) : kind ? (
      <SchemaForm schema={kind.params} value={node.params} disabled={!mayEdit} problems={inFields} onChange={(params, field) => edit({ params }, field)} />
    ) : (
      <Field title="Parameters" hint={`This server does not know nodes of kind "${node.kind}".`}>
        {(ids) => <JsonControl {...ids} value={node.params} nullable={false} disabled onChange={() => undefined} />}
      </Field>
    );
  const settings = () => (
    <SchemaForm
      schema={nodeSettings(kind)}
      value={{ firing: { ...node.firing }, retry: { ...node.retry }, timeout_s: node.timeout_s, on_error: node.on_error, default_output: node.default_output, writes: node.writes }}
      disabled={!mayEdit}
      problems={inFields}
      onChange={(value, field) => edit(value as unknown as Partial<Node>, field)}
    />
  );
  const wires = () => <Connections node={node} />;
  const tabs = [
    { id: "parameters", title: "Parameters", content: parameters },
    ...(kind?.executes === false ? [] : [{ id: "settings", title: "Settings", content: settings }, { id: "edges", title: "Edges", content: wires }]),
  ];
  return (
    <>
      <header className="inspector-head" data-group={kind?.group ?? "flow"}>
        <span className="node-icon">
          <Icon name={kind?.icon ?? ""} />
        </span>
        <div className="inspector-names">
          <input className="title-input" aria-label="Title of the node" value={node.title} placeholder={kind?.title ?? node.kind} disabled={!mayEdit} onChange={(event) => edit({ title: event.target.value }, "title")} />
          <span className="muted">
            {kind?.title ?? node.kind} · <span className="mono">{node.id}</span>
          </span>
        </div>
        {mayEdit ? (
          <button type="button" className="button button-quiet button-icon" aria-label="Delete this node" title="Delete" onClick={() => store.edit(removeNodes(store.getState().graph, [id]))}>
            <Trash2 aria-hidden />
          </button>
        ) : null}
      </header>
      {kind?.summary ? <p className="muted inspector-summary">{kind.summary}</p> : null}
      <ProblemList problems={problems.filter((problem) => problem.field === null)} />
      {hasRun ? <button type="button" className="link inspector-run" onClick={() => store.setState({ drawer: "run" })}>What it did in the last run</button> : null}
      <Tabs label="Node" tabs={tabs} current={tab} onChange={setTab} />
    </>
  );
}
