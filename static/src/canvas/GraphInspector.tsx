import { Bot, Plus, Trash2 } from "lucide-react";
import { useContext, useState, type ReactNode } from "react";
import type { Channel, ReducerName } from "../contract";
import { Tabs } from "../controls";
import { Field, FormContext, JsonControl, SchemaControl, SchemaForm } from "../forms";
import { isLibraryAgent, removeAgent, setChannels, updateGraph } from "../graph";
import { GRAPH_LIMIT_SETTINGS } from "./settingsSchemas";
import { useEditor, useEditorStore } from "./store";

/** With nothing selected: what concerns the whole graph. */
export function GraphInspector() {
  const [tab, setTab] = useState("agents");
  const tabs = [
    { id: "agents", title: "Agents", content: () => <Agents /> },
    { id: "inputs", title: "Inputs", content: () => <Inputs /> },
    { id: "state", title: "State", content: () => <Channels /> },
    { id: "limits", title: "Limits", content: () => <GraphLimits /> },
  ];
  return (
    <>
      <header className="inspector-head">
        <div className="inspector-names">
          <h2>Graph</h2>
          <span className="muted">Select a node to edit it</span>
        </div>
      </header>
      <Tabs label="Graph" tabs={tabs} current={tab} onChange={setTab} />
    </>
  );
}

function Agents() {
  const store = useEditorStore();
  const agents = useEditor((view) => view.graph.agents);
  const mayEdit = useEditor((view) => view.may.edit);
  const { onNewAgent } = useContext(FormContext);
  const entries = Object.entries(agents);
  return (
    <div className="stack">
      {entries.length === 0 ? <p className="muted">An agent is a model with instructions and tools. Agent nodes work with it.</p> : null}
      {entries.map(([id, agent]) => (
        <div className="agent-row" key={id}>
          <button type="button" className="agent-open" onClick={() => store.setState({ agent: id })}>
            <span className="node-icon" data-group="agents"><Bot size={14} aria-hidden /></span>
            <span className="inspector-names">
              <strong>{isLibraryAgent(agent) ? agent.library : agent.name}</strong>
              <span className="muted">{isLibraryAgent(agent) ? "From the library" : agent.model || "No model yet"}</span>
            </span>
          </button>
          {mayEdit ? <Remove name={`Remove ${id}`} onClick={() => store.edit(removeAgent(store.getState().graph, id))} /> : null}
        </div>
      ))}
      {mayEdit ? <Add onClick={() => onNewAgent?.()}>Agent</Add> : null}
    </div>
  );
}

function Inputs() {
  const store = useEditorStore();
  const graph = useEditor((view) => view.graph);
  const mayEdit = useEditor((view) => view.may.edit);
  return (
    <div className="form">
      <Field title="What a run is given" hint="The run form and the API ask for these fields.">
        {(ids) => <SchemaControl id={ids.id} value={graph.inputs} disabled={!mayEdit} onChange={(inputs) => store.edit(updateGraph(graph, { inputs }), "graph.inputs")} />}
      </Field>
      <Field title="Description">
        {(ids) => <textarea id={ids.id} className="textarea" rows={4} value={graph.description} disabled={!mayEdit} onChange={(event) => store.edit(updateGraph(graph, { description: event.target.value }), "graph.description")} />}
      </Field>
    </div>
  );
}

const REDUCERS: readonly [ReducerName, string][] = [
  ["last", "keep the last"],
  ["append", "append"],
  ["extend", "extend the list"],
  ["merge", "merge objects"],
  ["sum", "sum"],
  ["max", "largest"],
  ["min", "smallest"],
];

function Channels() {
  const store = useEditorStore();
  const graph = useEditor((view) => view.graph);
  const mayEdit = useEditor((view) => view.may.edit);
  const entries = Object.entries(graph.channels);
  const write = (next: [string, Channel][], key: string) => store.edit(setChannels(graph, Object.fromEntries(next)), key);
  const patch = (index: number, name: string, channel: Channel) => write(entries.map((entry, at) => (at === index ? [name, channel] : entry)), `channel.${index}`);
  return (
    <div className="stack">
      <p className="muted">Shared state of a run: nodes write to a channel, everything reads it as <span className="mono">state.name</span>.</p>
      {entries.map(([name, channel], index) => (
        <div className="list-item" key={index}>
          <div className="list-item-body stack">
            <div className="row row-fill">
              <input className="input mono" aria-label="Channel name" value={name} disabled={!mayEdit} onChange={(event) => patch(index, event.target.value, channel)} />
              <select className="select" aria-label={`How ${name} takes values in`} value={channel.reducer} disabled={!mayEdit} onChange={(event) => patch(index, name, { ...channel, reducer: event.target.value as ReducerName })}>
                {REDUCERS.map(([reducer, words]) => (
                  <option key={reducer} value={reducer}>{words}</option>
                ))}
              </select>
            </div>
            <Field title="At first">{(ids) => <JsonControl {...ids} value={channel.initial} nullable disabled={!mayEdit} onChange={(initial) => patch(index, name, { ...channel, initial })} />}</Field>
          </div>
          {mayEdit ? <Remove name={`Remove ${name}`} onClick={() => write(entries.filter((_, at) => at !== index), `channel.remove.${name}`)} /> : null}
        </div>
      ))}
      {mayEdit ? <Add onClick={() => write([...entries, [`channel_${entries.length + 1}`, { reducer: "last", initial: null }]], `channel.add.${entries.length}`)}>Channel</Add> : null}
    </div>
  );
}

function GraphLimits() {
  const store = useEditorStore();
  const graph = useEditor((view) => view.graph);
  const mayEdit = useEditor((view) => view.may.edit);
  return (
    <SchemaForm
      schema={GRAPH_LIMIT_SETTINGS}
      value={{ ...graph.limits }}
      disabled={!mayEdit}
      onChange={(limits, field) => store.edit(updateGraph(graph, { limits: limits as unknown as typeof graph.limits }), `graph.limits.${field}`)}
    />
  );
}

function Add({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <div>
      <button type="button" className="button" onClick={onClick}>
        <Plus aria-hidden /> {children}
      </button>
    </div>
  );
}

function Remove({ name, onClick }: { name: string; onClick: () => void }) {
  return (
    <button type="button" className="button button-quiet button-icon" aria-label={name} title={name} onClick={onClick}>
      <Trash2 aria-hidden />
    </button>
  );
}
