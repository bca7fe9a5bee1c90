import { useState } from "react";
import { ApiError, publishVersion, type Client } from "../api";
import { Dialog } from "../controls";
import { Field } from "../forms";
import type { Saver } from "./saving";
import { ProblemList } from "./ProblemList";
import { useEditor, useEditorStore } from "./store";

export function PublishDialog({ client, saver }: { client: Client; saver: Saver }) {
  const store = useEditorStore();
  const problems = useEditor((view) => view.problems).filter((problem) => problem.severity === "error");
  const next = useEditor((view) => (view.latestVersion ?? 0) + 1);
  const slug = useEditor((view) => view.slug);
  const [note, setNote] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const publish = async () => {
    setBusy(true);
    setProblem("");
    try {
      if (!(await saver.flush())) throw new Error("The draft could not be saved, so it was not published.");
      const version = await publishVersion(client, slug, note);
      store.setState({ latestVersion: version.number, dialog: null });
      store.say(`Version ${version.number} is published.`);
    } catch (error) {
      setProblem(error instanceof ApiError ? `${error.message} ${error.cure}` : error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={`Publish version ${next}`}
      onClose={() => store.setState({ dialog: null })}
      actions={
        <button type="button" className="button button-primary" disabled={isBusy || problems.length > 0} onClick={() => void publish()}>
          {isBusy ? "Publishing…" : "Publish"}
        </button>
      }
    >
      <p className="muted">A version never changes. Runs started by others and by the API use the latest one.</p>
      <ProblemList problems={problems} />
      <Field title="What is new">{(ids) => <textarea id={ids.id} className="textarea" rows={3} value={note} onChange={(event) => setNote(event.target.value)} />}</Field>
      {problem ? <p className="field-error" role="alert">{problem}</p> : null}
    </Dialog>
  );
}
