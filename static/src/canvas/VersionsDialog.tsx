import { useEffect, useState } from "react";
import { fetchGraph, fetchVersions, restoreVersion, type Client, type VersionRow } from "../api";
import { Dialog } from "../controls";
import { formatExact, formatRelative } from "../figures";
import type { Saver } from "./saving";
import { useEditor, useEditorStore } from "./store";

export function VersionsDialog({ client, saver }: { client: Client; saver: Saver }) {
  const store = useEditorStore();
  const slug = useEditor((view) => view.slug);
  const mayEdit = useEditor((view) => view.may.edit);
  const [rows, setRows] = useState<VersionRow[] | null>(null);
  const [problem, setProblem] = useState("");
  const fail = (error: unknown) => setProblem(error instanceof Error ? error.message : String(error));
  useEffect(() => {
    fetchVersions(client, slug).then(setRows, fail);
  }, [client, slug]);
  const restore = async (number: number) => {
    try {
      await saver.flush();
      await restoreVersion(client, slug, number, store.getState().revision);
      const record = await fetchGraph(client, slug);
      store.load(record.document, record.revision, record.problems);
      store.setState({ dialog: null });
      store.say(`The draft is version ${number} again. Undo brings yours back.`);
    } catch (error) {
      fail(error);
    }
  };
  return (
    <Dialog title="Versions" onClose={() => store.setState({ dialog: null })} wide>
      {rows === null && !problem ? <p className="muted" role="status">Loading…</p> : null}
      {rows?.length === 0 ? <p className="muted">Nothing is published yet. Publishing freezes the draft as version 1.</p> : null}
      <ul className="versions">
        {rows?.map((row) => (
          <li key={row.number}>
            <strong className="numeric">v{row.number}</strong>
            <span className="versions-note">
              {row.note || <span className="muted">No note</span>}
              <span className="muted" title={formatExact(Date.parse(row.created_at))}>
                {row.created_by}, {formatRelative(Date.parse(row.created_at), Date.now())}
              </span>
            </span>
            {mayEdit ? <button type="button" className="button" onClick={() => void restore(row.number)}>Restore as draft</button> : null}
          </li>
        ))}
      </ul>
      {problem ? <p className="field-error" role="alert">{problem}</p> : null}
    </Dialog>
  );
}
