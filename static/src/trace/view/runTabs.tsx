import { useContext, useEffect, useState } from "react";
import type { Json } from "../../contract";
import { BlobContext, JsonView, type TabSpec } from "../../controls";
import { byChannel, valueAfter } from "../channels";
import { tablePath, valueAt } from "../output";
import type { RunState } from "../state";
import { useTrace } from "../store";

export function RunTabs(run: RunState): TabSpec[] {
  const table = tablePath(run.output);
  return [
    ...(table === null ? [] : [{ id: "table", title: "Table", content: () => <ResultTable value={valueAt(run.output, table)} /> }]),
    { id: "output", title: "Output", content: () => (run.status === "succeeded" ? <JsonView value={run.output} label="output" /> : <p className="muted">The run has not delivered anything.</p>) },
    { id: "input", title: "Input", content: () => <JsonView value={run.input} label="input" /> },
    { id: "state", title: "State", content: () => <SharedState run={run} /> },
  ];
}

const ROWS = 200;

/** A list of objects, one row each. */
function ResultTable({ value }: { value: Json }) {
  const load = useContext(BlobContext);
  const [fetched, setFetched] = useState<Json>(null);
  const digest = value !== null && typeof value === "object" && !Array.isArray(value) && typeof value.$blob === "string" ? value.$blob : null;
  useEffect(() => {
    if (digest && load) load(digest).then(setFetched, () => setFetched([]));
  }, [digest, load]);
  const rows = (digest ? fetched : value) as Record<string, Json>[] | null;
  if (!Array.isArray(rows)) return <p className="muted">Loading the table…</p>;
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return (
    <div className="stack">
      <div className="table-wrap">
        <table className="table table-dense">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" className={typeof rows[0]?.[column] === "number" ? "numeric" : undefined}>{column}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, ROWS).map((row, index) => (
              <tr key={index}>
                {columns.map((column) => {
                  const cell = row[column] ?? null;
                  const text = cell === null ? "" : typeof cell === "object" ? JSON.stringify(cell) : String(cell);
                  return (
                    <td key={column} title={text} className={typeof cell === "number" ? "numeric" : undefined}>
                      {text}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > ROWS ? <p className="muted">Showing {ROWS} of {rows.length}. The CSV has all of them.</p> : null}
    </div>
  );
}

/** Shared state as of the time cursor. */
function SharedState({ run }: { run: RunState }) {
  const cursorUs = useTrace((view) => view.cursorUs);
  const writes = run.writes.filter((write) => cursorUs === null || write.atUs <= cursorUs);
  if (writes.length === 0) return <p className="muted">Nothing was written to a channel{cursorUs === null ? "" : " by then"}.</p>;
  return (
    <div className="stack">
      {[...byChannel(writes)].map(([channel, history]) => (
        <section key={channel}>
          <h3 className="raw-head">
            <span className="mono">{channel}</span>
            <span className="muted">{history.length} written, last by {history.at(-1)?.path}</span>
          </h3>
          <JsonView value={valueAfter(history)} label={`channel ${channel}`} />
        </section>
      ))}
    </div>
  );
}
