import { Play } from "lucide-react";
import { useMemo, useState } from "react";
import { ApiError, startRun, uploadFile, type Client } from "../api";
import { Dialog } from "../controls";
import { Field, FormContext, JsonControl, SchemaForm, blank, fieldsOf, isSchema } from "../forms";
import type { Json } from "../contract";
import { plural } from "../figures";
import type { Saver } from "./saving";
import { useEditor, useEditorStore } from "./store";

/** Asks for the run's input, saves, and starts the draft as it stands. */
export function RunDialog({ client, saver }: { client: Client; saver: Saver }) {
  const store = useEditorStore();
  const inputs = useEditor((view) => view.graph.inputs);
  const slug = useEditor((view) => view.slug);
  const errors = useEditor((view) => view.problems.filter((problem) => problem.severity === "error").length);
  const mayEdit = useEditor((view) => view.may.edit);
  const example = useEditor((view) => view.exampleInput);
  const fields = fieldsOf(inputs);
  const [input, setInput] = useState<Json>(() => example ?? blank(inputs));
  const [isRaw, setRaw] = useState(fields.length === 0);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const choices = useMemo(() => ({ agents: [], tools: [], models: [], onUpload: (file: File) => uploadFile(client, file) }), [client]);
  const close = () => store.setState({ dialog: null });
  const begin = async () => {
    setBusy(true);
    setProblem(null);
    try {
      if (mayEdit && !(await saver.flush())) throw new ApiError(0, "unsaved", "The draft could not be saved, so it was not run.", "Look at the save state on top.", null);
      const run = await startRun(client, slug, input, mayEdit);
      store.setState({ runId: run.id, drawer: "run", dialog: null });
    } catch (error) {
      setProblem(error instanceof ApiError ? error : new ApiError(0, "unknown", String(error), "", null));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title="Run"
      onClose={close}
      actions={
        <>
          {fields.length > 0 ? (
            <button type="button" className="button button-quiet" onClick={() => setRaw(!isRaw)}>{isRaw ? "As a form" : "As JSON"}</button>
          ) : null}
          <button type="button" className="button button-primary" disabled={isBusy} onClick={() => void begin()}>
            <Play aria-hidden /> {isBusy ? "Starting…" : "Run"}
          </button>
        </>
      }
    >
      {errors > 0 ? <p className="notice" data-tone="warn">The draft has {plural(errors, "problem")}. It will not run until they are mended.</p> : null}
      {isRaw ? (
        <Field title="Input" hint="JSON">{(ids) => <JsonControl {...ids} value={input} nullable disabled={false} onChange={setInput} />}</Field>
      ) : (
        <FormContext value={choices}>
          <SchemaForm schema={inputs} value={isSchema(input) ? input : {}} onChange={setInput} />
        </FormContext>
      )}
      {problem ? (
        <div className="notice" data-tone="error" role="alert">
          <strong>{problem.message}</strong>
          {problem.cure ? <p>{problem.cure}</p> : null}
        </div>
      ) : null}
    </Dialog>
  );
}
