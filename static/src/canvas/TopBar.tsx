import { Check, CircleAlert, CloudOff, History, Keyboard, LoaderCircle, Pencil, Play, Redo2, Undo2, UploadCloud } from "lucide-react";
import type { ReactNode } from "react";
import { sendCommand, type Client } from "../api";
import { Menu } from "../controls";
import { plural } from "../figures";
import { updateGraph } from "../graph";
import { useStore } from "zustand";
import { useContext } from "react";
import { FacesContext } from "../nodes";
import { writeKeys, type Command } from "./commands";
import { useEditor, useEditorStore, type SaveState } from "./store";

export function TopBar({ client, commands }: { client: Client; commands: readonly Command[] }) {
  const store = useEditorStore();
  const title = useEditor((view) => view.graph.title);
  const version = useEditor((view) => view.latestVersion);
  const canUndo = useEditor((view) => view.history.past.length > 0);
  const canRedo = useEditor((view) => view.history.future.length > 0);
  const may = useEditor((view) => view.may);
  const errors = useEditor((view) => view.problems.filter((problem) => problem.severity === "error").length);
  return (
    <header className="topline">
      <div className="topline-name">
        <a className="muted" href="/">Graphs</a>
        <span className="muted" aria-hidden="true">/</span>
        <input
          className="title-input"
          aria-label="Title of the graph"
          value={title}
          placeholder="Untitled graph"
          disabled={!may.edit}
          onChange={(event) => store.edit(updateGraph(store.getState().graph, { title: event.target.value }), "graph.title")}
        />
        <button type="button" className="badge version-badge" onClick={() => store.setState({ dialog: "versions" })} title="Versions">
          <History size={12} aria-hidden /> {version === null ? "Draft" : `v${version}`}
        </button>
        <SaveMark />
      </div>
      <div className="topline-tools">
        {may.edit ? (
          <>
            <Tool name={`Undo (${writeKeys("mod+z")})`} disabled={!canUndo} onClick={() => store.undo()}><Undo2 aria-hidden /></Tool>
            <Tool name={`Redo (${writeKeys("mod+shift+z")})`} disabled={!canRedo} onClick={() => store.redo()}><Redo2 aria-hidden /></Tool>
          </>
        ) : (
          <span className="badge"><Pencil size={12} aria-hidden /> View only</span>
        )}
        <Tool name="Shortcuts (?)" onClick={() => store.setState({ dialog: "shortcuts" })}><Keyboard aria-hidden /></Tool>
        <Menu
          name="More"
          label="⋯"
          className="button button-quiet button-icon"
          items={commands.map((command) => ({ label: command.title, ...(command.keys[0] ? { keys: writeKeys(command.keys[0]) } : {}), onSelect: command.run }))}
        />
        {errors > 0 ? (
          <button type="button" className="button button-danger" onClick={() => store.setState({ drawer: "problems" })}>
            <CircleAlert aria-hidden /> {plural(errors, "error")}
          </button>
        ) : null}
        <button type="button" className="button" disabled={!may.publish} onClick={() => store.setState({ dialog: "publish" })} title={`Publish (${writeKeys("shift+p")})`}>
          <UploadCloud aria-hidden /> <span className="wide-only">Publish</span>
        </button>
        <RunButton client={client} />
      </div>
    </header>
  );
}

/** Starts a run; while one is going here, stops it. */
function RunButton({ client }: { client: Client }) {
  const store = useEditorStore();
  const may = useEditor((view) => view.may.run);
  const runId = useEditor((view) => view.runId);
  const isBusy = useStore(useContext(FacesContext), (faces) => Object.values(faces.nodes).some((face) => face.status === "running" || face.status === "retrying"));
  if (runId !== null && isBusy) {
    const stop = () => void sendCommand(client, runId, { type: "cancel" }).catch((error: unknown) => store.say(error instanceof Error ? error.message : String(error)));
    return (
      <button type="button" className="button button-danger" onClick={stop}>
        <span className="disc" data-status="running" aria-hidden="true" /> Stop
      </button>
    );
  }
  return (
    <button type="button" className="button button-primary" disabled={!may} onClick={() => store.setState({ dialog: "run" })} title={`Run (${writeKeys("mod+enter")})`}>
      <Play aria-hidden /> Run
    </button>
  );
}

const WORDS: Record<SaveState["state"], string> = { saved: "Saved", unsaved: "Unsaved", saving: "Saving…", failed: "Not saved", conflict: "Conflict" };

function SaveMark() {
  const save = useEditor((view) => view.save);
  const revision = useEditor((view) => view.revision);
  const icon: Record<SaveState["state"], ReactNode> = {
    saved: <Check size={13} aria-hidden />,
    unsaved: <Pencil size={13} aria-hidden />,
    saving: <LoaderCircle size={13} className="turning" aria-hidden />,
    failed: <CloudOff size={13} aria-hidden />,
    conflict: <CircleAlert size={13} aria-hidden />,
  };
  return (
    <span className="save-mark numeric" data-state={save.state} role="status" title={save.state === "failed" ? save.message : `Revision ${revision}`}>
      {icon[save.state]} {WORDS[save.state]}
    </span>
  );
}

function Tool({ name, disabled = false, onClick, children }: { name: string; disabled?: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" className="button button-quiet button-icon" aria-label={name} title={name} disabled={disabled} onClick={onClick}>
      {children}
    </button>
  );
}
