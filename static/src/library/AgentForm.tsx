import { useContext, useState, type ReactNode } from "react";
import type { Agent, Json } from "../contract";
import { Tabs } from "../controls";
import { Field, SchemaControl, SchemaForm, SwitchControl, partOf, withFields } from "../forms";
import { AgentTools } from "./AgentTools";
import { LibraryContext } from "./library";

interface AgentFormProps {
  agent: Agent;
  /** What is wrong, by field. */
  problems: ReadonlyMap<string, readonly string[]>;
  disabled: boolean;
  onChange: (agent: Agent, field: string) => void;
  /** Stands before the first fields. */
  before?: ReactNode;
}

/** Which fields have a tab of their own; those not named here are on the first. */
const PLACES: Readonly<Record<string, readonly string[]>> = { planning: ["strategy"], memory: ["memory"], tools: ["tools"], output: ["output_schema"], limits: ["limits"] };
const ELSEWHERE: ReadonlySet<string> = new Set(Object.values(PLACES).flat());

/** Everything that an agent is, as forms made of the schema of agents. */
export function AgentForm({ agent, problems, disabled, onChange, before }: AgentFormProps) {
  const { agentSchema } = useContext(LibraryContext);
  const [tab, setTab] = useState("agent");
  const edit = (patch: Partial<Agent>, field: string) => onChange({ ...agent, ...patch }, field);
  const fields = (chosen: (name: string) => boolean) => (
    <SchemaForm
      schema={withFields(agentSchema, chosen)}
      value={agent as unknown as Record<string, Json>}
      disabled={disabled}
      problems={problems}
      onChange={(value, field) => edit(value as unknown as Partial<Agent>, field)}
    />
  );
  const title = (id: string, words: string, isOn = false) => {
    const isFaulty = [...problems.keys()].some((field) => PLACES[id]?.some((place) => field === place || field.startsWith(`${place}.`)) ?? false);
    return (
      <>
        {words}
        {isFaulty ? <Mark tone="error" words="something is wrong here" /> : isOn ? <Mark tone="on" words="on" /> : null}
      </>
    );
  };
  const { memory } = agent;
  const remembers = memory.long_term.on || memory.episodes.on;
  const tabs = [
    { id: "agent", title: title("agent", "Agent"), content: () => <div className="form">{before}{fields((name) => !ELSEWHERE.has(name))}</div> },
    { id: "planning", title: title("planning", "Planning"), content: () => fields((name) => name === "strategy") },
    { id: "memory", title: title("memory", "Memory", remembers), content: () => <MemoryFields agent={agent} problems={problems} disabled={disabled} edit={edit} /> },
    { id: "tools", title: title("tools", `Tools ${agent.tools.length}`), content: () => <AgentTools chosen={agent.tools} disabled={disabled} problems={problems.get("tools") ?? []} onChange={(tools) => edit({ tools }, "tools")} /> },
    { id: "output", title: title("output", "Answer"), content: () => <AnswerShape schema={agent.output_schema} disabled={disabled} onChange={(output_schema) => edit({ output_schema }, "output_schema")} /> },
    { id: "limits", title: title("limits", "Limits"), content: () => fields((name) => name === "limits") },
  ];
  return <Tabs label="Agent" tabs={tabs} current={tab} onChange={setTab} />;
}

function Mark({ tone, words }: { tone: "on" | "error"; words: string }) {
  return (
    <span className="tab-mark" data-tone={tone} title={words}>
      <span className="visually-hidden"> ({words})</span>
    </span>
  );
}

interface MemoryFieldsProps extends Pick<AgentFormProps, "agent" | "problems" | "disabled"> {
  edit: (patch: Partial<Agent>, field: string) => void;
}

/** What it remembers. The groups of the schema stand for themselves here, without one more frame around them. */
function MemoryFields({ agent, problems, disabled, edit }: MemoryFieldsProps) {
  const { agentSchema } = useContext(LibraryContext);
  const schema = partOf(agentSchema, "memory");
  return (
    <SchemaForm
      schema={schema}
      root={agentSchema}
      prefix="memory."
      value={agent.memory as unknown as Record<string, Json>}
      disabled={disabled}
      problems={problems}
      onChange={(value, field) => edit({ memory: value as unknown as Agent["memory"] }, field)}
    />
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
