import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { useEffect, useMemo } from "react";
import type { Client } from "../api";
import { FacesContext, ProblemsContext, createFaceStore, indexProblems, lookAtAll, type FaceStore, type FlowEdge, type FlowNode } from "../nodes";
import { Dialogs } from "./Dialogs";
import { Drawer } from "./Drawer";
import { Inspector } from "./Inspector";
import { Palette } from "./Palette";
import { RecoveryOffer } from "./RecoveryOffer";
import { Surface } from "./Surface";
import { TopBar } from "./TopBar";
import { editorCommands, type Command } from "./commands";
import type { Saver } from "./saving";
import { useEditor, useEditorStore } from "./store";
import { useKeys } from "./useKeys";

interface EditorProps {
  client: Client;
  saver: Saver;
  tenant: string;
}

export function Editor(props: EditorProps) {
  const faces = useMemo(() => createFaceStore(), []);
  return (
    <ReactFlowProvider>
      <FacesContext value={faces}>
        <Screen {...props} faces={faces} />
      </FacesContext>
    </ReactFlowProvider>
  );
}

function Screen({ client, saver, tenant, faces }: EditorProps & { faces: FaceStore }) {
  const store = useEditorStore();
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const problems = useEditor((view) => view.problems);
  const isEmpty = useEditor((view) => view.graph.nodes.length === 0);
  const note = useEditor((view) => view.note);
  const mayEdit = useEditor((view) => view.may.edit);
  const commands = useMemo<Command[]>(() => {
    const all = editorCommands(store, saver, {
      fit: () => lookAtAll(flow, store.getState().graph, store.getState().kinds),
      zoomIn: () => void flow.zoomIn({ duration: 120 }),
      zoomOut: () => void flow.zoomOut({ duration: 120 }),
      reset: () => void flow.zoomTo(1, { duration: 120 }),
    });
    return all.filter((command) => mayEdit || !command.edits);
  }, [store, saver, flow, mayEdit]);
  useKeys(commands);
  const runId = useEditor((view) => view.runId);
  useEffect(() => {
    if (runId === null) return;
    const timer = setTimeout(() => lookAtAll(flow, store.getState().graph, store.getState().kinds), 120);
    return () => clearTimeout(timer);
  }, [runId, flow, store]);
  useLeaveGuard();
  const index = useMemo(() => indexProblems(problems), [problems]);
  return (
    <ProblemsContext value={index}>
      <div className="editor">
        <TopBar client={client} commands={commands} />
        <RecoveryOffer tenant={tenant} />
        {mayEdit ? <Palette /> : null}
        <section className="editor-canvas" aria-label="Canvas">
          <Surface />
          {isEmpty ? (
            <div className="canvas-empty empty-state">
              <h2>An empty graph</h2>
              <p>Nodes do the work, edges carry values between them. Drag one in from the left, or begin here.</p>
              {mayEdit ? (
                <button type="button" className="button button-primary" onClick={() => store.setState({ dialog: "add", addFrom: null })}>
                  Add the first node
                </button>
              ) : null}
            </div>
          ) : null}
          {note ? <p className="canvas-note" role="status">{note}</p> : null}
        </section>
        <Inspector />
        <Drawer client={client} faces={faces} />
        <Dialogs client={client} saver={saver} tenant={tenant} commands={commands} />
      </div>
    </ProblemsContext>
  );
}

/** The browser asks before a tab with unsaved work closes. */
function useLeaveGuard(): void {
  const store = useEditorStore();
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      const { graph, savedGraph } = store.getState();
      if (graph !== savedGraph) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [store]);
}
