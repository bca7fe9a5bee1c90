import { useReactFlow } from "@xyflow/react";
import { ChevronDown, CircleCheck, X } from "lucide-react";
import { useCallback } from "react";
import type { Client } from "../api";
import type { Problem } from "../contract";
import { plural } from "../figures";
import { LiveRun } from "../trace";
import { lookAt, lookAtEdge, type FaceStore, type FlowEdge, type FlowNode } from "../nodes";
import { ProblemList } from "./ProblemList";
import { useEditor, useEditorStore } from "./store";

/** Below the canvas: problems of the draft, and the run that was started here. */
export function Drawer({ client, faces }: { client: Client; faces: FaceStore }) {
  const store = useEditorStore();
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const drawer = useEditor((view) => view.drawer);
  const problems = useEditor((view) => view.problems);
  const runId = useEditor((view) => view.runId);
  const say = useCallback((message: string) => store.say(message), [store]);
  const open = (name: "problems" | "run") => store.setState({ drawer: drawer === name ? "closed" : name });
  const show = (problem: Problem) => {
    if (problem.agent !== null) store.setState({ agent: problem.agent });
    else if (problem.node !== null) {
      store.select([problem.node]);
      lookAt(flow, store.getState().graph, problem.node);
    } else if (problem.edge !== null) {
      store.select([], [problem.edge]);
      lookAtEdge(flow, store.getState().graph, problem.edge);
    }
  };
  const closeRun = () => {
    store.setState({ runId: null, drawer: "closed" });
    faces.setState({ nodes: {}, edges: {} });
  };
  return (
    <section className="drawer" data-open={drawer !== "closed"} aria-label="Problems and run">
      <div className="drawer-bar">
        <button type="button" className="tab" aria-expanded={drawer === "problems"} onClick={() => open("problems")}>
          {problems.length === 0 ? "No problems" : plural(problems.length, "problem")}
        </button>
        {runId === null ? null : (
          <button type="button" className="tab" aria-expanded={drawer === "run"} onClick={() => open("run")}>
            Run
          </button>
        )}
        <span className="drawer-space" />
        {runId === null ? null : (
          <button type="button" className="button button-quiet" onClick={closeRun}>
            <X aria-hidden /> Clear run
          </button>
        )}
        {drawer === "closed" ? null : (
          <button type="button" className="button button-quiet button-icon" aria-label="Close the drawer" onClick={() => store.setState({ drawer: "closed" })}>
            <ChevronDown aria-hidden />
          </button>
        )}
      </div>
      <div className="drawer-body" hidden={drawer !== "problems"}>
        {problems.length === 0 ? (
          <p className="muted drawer-calm"><CircleCheck size={16} aria-hidden /> This graph can be published and run.</p>
        ) : (
          <ProblemList problems={problems} onGo={show} />
        )}
      </div>
      <div className="drawer-body" hidden={drawer !== "run"}>
        {runId === null ? null : <LiveRun key={runId} client={client} id={runId} graph={store.getState().graph} kinds={store.getState().kinds} faces={faces} onProblem={say} />}
      </div>
    </section>
  );
}
