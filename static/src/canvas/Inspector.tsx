import { useContext, useMemo } from "react";
import { plural } from "../figures";
import { FormContext, type FormChoices } from "../forms";
import { addAgent, completeAgent, isLibraryAgent } from "../graph";
import { AgentEditor } from "./AgentEditor";
import { EdgeInspector } from "./EdgeInspector";
import { GraphInspector } from "./GraphInspector";
import { LibraryContext } from "../library";
import { NodeInspector } from "./NodeInspector";
import { useEditor, useEditorStore } from "./store";

/** The right side: whatever is selected, with every field it has. */
export function Inspector() {
  const choices = useChoices();
  const agent = useEditor((view) => view.agent);
  const nodes = useEditor((view) => view.nodes);
  const edges = useEditor((view) => view.edges);
  const [node] = nodes;
  const [edge] = edges;
  const content = () => {
    if (agent !== null) return <AgentEditor key={agent} id={agent} />;
    if (nodes.size === 1 && node !== undefined) return <NodeInspector key={node} id={node} />;
    if (nodes.size === 0 && edges.size === 1 && edge !== undefined) return <EdgeInspector key={edge} id={edge} />;
    if (nodes.size + edges.size > 1) return <p className="muted inspector-many">{plural(nodes.size, "node")} and {plural(edges.size, "edge")} selected.</p>;
    return <GraphInspector />;
  };
  return (
    <FormContext value={choices}>
      <aside className="inspector" aria-label="Inspector">
        {content()}
      </aside>
    </FormContext>
  );
}

function useChoices(): FormChoices {
  const store = useEditorStore();
  const agents = useEditor((view) => view.graph.agents);
  const { tools, models } = useContext(LibraryContext);
  return useMemo(
    () => ({
      agents: Object.entries(agents).map(([value, agent]) => ({ value, label: isLibraryAgent(agent) ? `${agent.library} (library)` : agent.name })),
      tools: tools.map((tool) => ({ value: tool.name, label: tool.title || tool.name, hint: tool.description })),
      models: models.map((model) => ({
        value: model.name,
        label: `${model.label}${model.available ? "" : " (no key yet)"}`,
        hint: model.demo ? "Demo model, no LLM: answers are computed by simple rules." : model.available ? "" : "No provider key is set for this model yet.",
      })),
      onOpenAgent: (agent: string) => store.setState({ agent }),
      onNewAgent: () => {
        const model = models.find((one) => one.available)?.name ?? models[0]?.name ?? "";
        const added = addAgent(store.getState().graph, completeAgent({ name: "New agent", model }));
        store.edit(added.graph);
        store.setState({ agent: added.id });
      },
    }),
    [agents, tools, models, store],
  );
}
