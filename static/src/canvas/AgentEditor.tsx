import { ArrowLeft } from "lucide-react";
import { useContext, useMemo } from "react";
import { AgentForm, LibraryContext } from "../library";
import type { Agent } from "../contract";
import { Field } from "../forms";
import { completeAgent, isLibraryAgent, updateAgent } from "../graph";
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
  const edit = (next: Agent, field: string) => store.edit(updateAgent(store.getState().graph, id, next), `agent.${id}.${field}`);
  return <AgentForm agent={agent} problems={problems} disabled={!mayEdit} onChange={edit} before={<LibrarySwitch id={id} />} />;
}

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
