import { ArrowLeft } from "lucide-react";
import { useContext, useMemo, useState } from "react";
import type { Agent, Json } from "../contract";
import { Tabs } from "../controls";
import { Field, SchemaControl, SchemaForm, SwitchControl, withFields } from "../forms";
import { completeAgent, isLibraryAgent, updateAgent } from "../graph";
import { LibraryContext } from "./library";
import { ProblemList } from "./ProblemList";
import { byField } from "./fieldProblems";
import { useEditor, useEditorStore } from "./store";

export function AgentEditor({ id }: { id: string }) {
  const store = useEditorStore();
  const agent = useEditor((view) => view.graph.agents[id]);
  const all = useEditor((view) => view.problems);
  const problems = useMemo(() => all.filter((problem) => problem.agent === id), [all, id]);
  if (!agent) return null;
  return (
    <>
      <header className="inspector-head">
        <button type="button" className="button button-quiet button-icon" aria-label="Back" onClick={() => store.setState({ agent: null })}>
          <ArrowLeft aria-hidden />
        </button>
        <div className="inspector-names">
          <h2>{isLibraryAgent(agent) ? agent.library : agent.name}</h2>
          <span className="muted">
            Agent · <span className="mono">{id}</span>
          </span>
        </div>
      </header>
      <ProblemList problems={problems.filter((problem) => problem.field === null)} />
      {isLibraryAgent(agent) ? <FromLibrary id={id} slug={agent.library} /> : <OwnAgent id={id} agent={agent} problems={byField(problems)} />}
    </>
  );
}

function FromLibrary({ id, slug }: { id: string; slug: string }) {
  const store = useEditorStore();
  const { agents } = useContext(LibraryContext);
  const mayEdit = useEditor((view) => view.may.edit);
  const row = agents.find((one) => one.slug === slug);
  return (
    <div className="inspector-body stack">
      <Field title="Agent of the library" hint="It is taken as it stands when a version is published.">
        {(ids) => (
          <select id={ids.id} className="select" value={slug} disabled={!mayEdit} onChange={(event) => store.edit(updateAgent(store.getState().graph, id, { library: event.target.value }))}>
            {row ? null : <option value={slug}>{slug} (not found)</option>}
            {agents.map((one) => (
              <option key={one.slug} value={one.slug}>{one.agent.name}</option>
            ))}
          </select>
        )}
      </Field>
      <div className="row">
        {row ? <a className="button" href={`/agents/${slug}/`}>Open in the library</a> : null}
        {mayEdit && row ? (
          <button type="button" className="button" onClick={() => store.edit(updateAgent(store.getState().graph, id, completeAgent(row.agent)))}>
            Make a copy here
          </button>
        ) : null}
      </div>
    </div>
  );
}

interface OwnAgentProps {
  id: string;
  agent: Agent;
  problems: ReadonlyMap<string, readonly string[]>;
}

function OwnAgent({ id, agent, problems }: OwnAgentProps) {
  const store = useEditorStore();
  const mayEdit = useEditor((view) => view.may.edit);
  const [tab, setTab] = useState("agent");
  const edit = (patch: Partial<Agent>, field: string) => store.edit(updateAgent(store.getState().graph, id, { ...agent, ...patch }), `agent.${id}.${field}`);
  const { agentSchema } = useContext(LibraryContext);
  const fields = (chosen: (name: string) => boolean) => (
    <SchemaForm
      schema={withFields(agentSchema, chosen)}
      value={agent as unknown as Record<string, Json>}
      disabled={!mayEdit}
      problems={problems}
      onChange={(value, field) => edit(value as unknown as Partial<Agent>, field)}
    />
  );
  const about = () => (
    <div className="form">
      <LibrarySwitch id={id} />
      {fields((name) => !ELSEWHERE.has(name))}
    </div>
  );
  const tabs = [
    { id: "agent", title: "Agent", content: about },
    { id: "planning", title: "Planning", content: () => fields((name) => name === "strategy") },
    { id: "tools", title: `Tools ${agent.tools.length}`, content: () => <Tools chosen={agent.tools} disabled={!mayEdit} onChange={(tools) => edit({ tools }, "tools")} /> },
    { id: "output", title: "Answer", content: () => <AnswerShape schema={agent.output_schema} disabled={!mayEdit} onChange={(output_schema) => edit({ output_schema }, "output_schema")} /> },
    { id: "limits", title: "Limits", content: () => fields((name) => name === "limits") },
  ];
  return <Tabs label="Agent" tabs={tabs} current={tab} onChange={setTab} />;
}

/** What has a tab of its own. */
const ELSEWHERE: ReadonlySet<string> = new Set(["strategy", "tools", "output_schema", "limits"]);

function LibrarySwitch({ id }: { id: string }) {
  const store = useEditorStore();
  const { agents } = useContext(LibraryContext);
  const mayEdit = useEditor((view) => view.may.edit);
  if (agents.length === 0 || !mayEdit) return null;
  return (
    <Field title="Take one from the library">
      {(ids) => (
        <select id={ids.id} className="select" value="" onChange={(event) => event.target.value && store.edit(updateAgent(store.getState().graph, id, { library: event.target.value }))}>
          <option value="">This graph's own agent</option>
          {agents.map((one) => (
            <option key={one.slug} value={one.slug}>{one.agent.name}</option>
          ))}
        </select>
      )}
    </Field>
  );
}

function Tools({ chosen, disabled, onChange }: { chosen: readonly string[]; disabled: boolean; onChange: (tools: string[]) => void }) {
  const { tools } = useContext(LibraryContext);
  const known = new Set(tools.map((tool) => tool.name));
  const rows = [...tools.map((tool) => ({ name: tool.name, title: tool.title || tool.name, note: tool.description })), ...chosen.filter((name) => !known.has(name)).map((name) => ({ name, title: name, note: "Not found on this server" }))];
  if (rows.length === 0) return <p className="muted">No tools are set up yet.</p>;
  return (
    <fieldset className="form-group" disabled={disabled}>
      <legend className="visually-hidden">Tools the agent may ask for</legend>
      {rows.map((tool) => (
        <label className="tool-row" key={tool.name}>
          <input type="checkbox" checked={chosen.includes(tool.name)} onChange={(event) => onChange(event.target.checked ? [...chosen, tool.name] : chosen.filter((name) => name !== tool.name))} />
          <span>
            <strong>{tool.title}</strong>
            <span className="muted">{tool.note}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

type AnswerSchema = Record<string, Json> | null;

function AnswerShape({ schema, disabled, onChange }: { schema: AnswerSchema; disabled: boolean; onChange: (schema: AnswerSchema) => void }) {
  return (
    <div className="form">
      <Field title="Answers with data" hint="With a shape given, malformed answers are corrected before they go on.">
        {(ids) => <SwitchControl {...ids} value={schema !== null} disabled={disabled} onChange={(isOn) => onChange(isOn === true ? { type: "object", properties: {}, required: [] } : null)} />}
      </Field>
      {schema === null ? null : <Field title="Its fields">{(ids) => <SchemaControl id={ids.id} value={schema} disabled={disabled} onChange={onChange} />}</Field>}
    </div>
  );
}
