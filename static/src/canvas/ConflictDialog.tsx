import { useState } from "react";
import { createGraph, type Client, type StaleRevision } from "../api";
import { Dialog } from "../controls";
import { formatRelative } from "../figures";
import { dropCopy } from "./recovery";
import type { Saver } from "./saving";
import { useEditorStore } from "./store";

interface ConflictDialogProps {
  client: Client;
  saver: Saver;
  tenant: string;
  theirs: StaleRevision;
}

/** Somebody saved first. Nothing is overwritten unless a person says so. */
export function ConflictDialog({ client, saver, tenant, theirs }: ConflictDialogProps) {
  const store = useEditorStore();
  const [problem, setProblem] = useState("");
  const duplicate = async () => {
    const { graph, slug } = store.getState();
    const title = `${graph.title} (my edits)`;
    try {
      const copy = await createGraph(client, title, { ...graph, title });
      store.load(theirs.document, theirs.revision, []);
      dropCopy(window.localStorage, tenant, slug);
      window.location.assign(`/graphs/${copy.slug}/`);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const loadTheirs = () => {
    dropCopy(window.localStorage, tenant, store.getState().slug);
    store.load(theirs.document, theirs.revision, []);
  };
  return (
    <Dialog
      title={`${theirs.updated_by} saved this graph before you`}
      wide
      actions={
        <>
          <button type="button" className="button button-danger" onClick={() => void saver.overwrite(theirs)}>Save mine over theirs</button>
          <button type="button" className="button" onClick={loadTheirs}>Load theirs</button>
          <button type="button" className="button button-primary" onClick={() => void duplicate()}>Keep mine as a duplicate</button>
        </>
      }
    >
      <p>
        Revision {theirs.revision} was saved {formatRelative(Date.parse(theirs.updated_at), Date.now())}. Your edits are still here and nothing was overwritten.
      </p>
      <p className="muted">After loading theirs, undo brings your document back.</p>
      {problem ? <p className="field-error" role="alert">{problem}</p> : null}
    </Dialog>
  );
}
