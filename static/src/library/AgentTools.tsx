import { useContext, useState } from "react";
import type { ToolRow } from "../api";
import { LibraryContext } from "./library";
import { ToolCard } from "./ToolCard";

interface AgentToolsProps {
  chosen: readonly string[];
  disabled: boolean;
  problems: readonly string[];
  onChange: (tools: string[]) => void;
}

const MANY = 8;

/** The tools that an agent may ask for, each with its card. */
export function AgentTools({ chosen, disabled, problems, onChange }: AgentToolsProps) {
  const { tools } = useContext(LibraryContext);
  const [text, setText] = useState("");
  const known = new Set(tools.map((tool) => tool.name));
  const gone = chosen.filter((name) => !known.has(name));
  const wanted = text.trim().toLowerCase();
  const shown = tools.filter((tool) => `${tool.title} ${tool.name} ${tool.description} ${tool.touches}`.toLowerCase().includes(wanted));
  const choose = (name: string, isChosen: boolean) => onChange(isChosen ? [...chosen, name] : chosen.filter((other) => other !== name));
  if (tools.length + gone.length === 0) return <p className="muted">No tools are set up yet.</p>;
  return (
    <fieldset className="form-group" disabled={disabled}>
      <legend className="visually-hidden">Tools the agent may ask for</legend>
      {problems.map((problem) => (
        <p className="field-error" key={problem}>{problem}</p>
      ))}
      {tools.length > MANY ? <input className="input" type="search" aria-label="Search tools" placeholder="Search tools" value={text} onChange={(event) => setText(event.target.value)} /> : null}
      {gone.map((name) => (
        <label className="tool-row" key={name}>
          <input type="checkbox" checked onChange={() => choose(name, false)} />
          <span>
            <strong>{name}</strong>
            <span className="field-error">Not found on this server</span>
          </span>
        </label>
      ))}
      {shown.map((tool) => (
        <ToolChoice key={tool.name} tool={tool} isChosen={chosen.includes(tool.name)} onChoose={(isChosen) => choose(tool.name, isChosen)} />
      ))}
      {shown.length === 0 ? <p className="muted">No tool is like that.</p> : null}
    </fieldset>
  );
}

function ToolChoice({ tool, isChosen, onChoose }: { tool: ToolRow; isChosen: boolean; onChoose: (isChosen: boolean) => void }) {
  return (
    <div className="tool-choice" data-chosen={isChosen}>
      <label className="tool-row">
        <input type="checkbox" checked={isChosen} onChange={(event) => onChoose(event.target.checked)} />
        <span>
          <strong>{tool.title || tool.name}</strong>
          {tool.enabled ? null : <span className="badge">off</span>}
          <span className="muted tool-does">{firstSentence(tool.description)}</span>
        </span>
      </label>
      <details className="form-fold">
        <summary aria-label={`Card of ${tool.title || tool.name}`}>
          <span className="field-hint">{tool.touches ? `Touches: ${tool.touches}` : "Its card"}</span>
        </summary>
        <ToolCard tool={tool} />
      </details>
    </div>
  );
}

/** Descriptions are written for models; people are shown how they begin. */
function firstSentence(text: string): string {
  const end = /[.!?](?=\s|$)/.exec(text);
  return end ? text.slice(0, end.index + 1) : text;
}
