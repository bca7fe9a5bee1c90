import { JsonView, type TabSpec } from "../../controls";
import { messagesTo, worksIn } from "../planning/works";
import type { Span } from "../spans";
import { stepAt, type RunState } from "../state";
import { memoryOf } from "./memoryTabs";
import { PlanningTab } from "./planning/PlanningTab";

/** Steps have inputs and outputs by port; items have what they began with and what came out. */
export function StepTabs(run: RunState, span: Span): TabSpec[] {
  const item = run.scopes.get(span.path);
  if (item) {
    return [
      { id: "input", title: "Input", content: () => <JsonView value={item.seed} label="input" /> },
      { id: "output", title: "Output", content: () => (item.endedUs === null ? <Pending /> : <JsonView value={item.output} label="output" />) },
    ];
  }
  const step = stepAt(run, span.path);
  if (!step) return [];
  const hasPlanned = worksIn(run, span.path).length > 0 || messagesTo(run, span.path).length > 0;
  return [
    ...(hasPlanned ? [{ id: "planning", title: "Planning", content: () => <PlanningTab path={span.path} /> }] : []),
    ...memoryOf(run, span.path),
    { id: "input", title: "Input", content: () => <JsonView value={step.inputs} label="inputs" /> },
    { id: "output", title: "Output", content: () => (step.status === "succeeded" || step.handled ? <JsonView value={step.outputs} label="outputs" /> : <Pending />) },
  ];
}

function Pending() {
  return <p className="muted">Nothing yet.</p>;
}
