import { useEffect, useMemo, useState } from "react";
import { createClient, fetchBlob, fetchKinds, fetchRun, type RunBootstrap, type RunRecord } from "../../api";
import { BlobContext, FileContext } from "../../controls";
import type { NodeKindSchema } from "../../contract";
import { completeGraph } from "../../graph";
import { FacesContext, createFaceStore } from "../../nodes";
import { followRun } from "../follow";
import { TraceContext, createTraceStore } from "../store";
import { DetailPanel } from "./DetailPanel";
import { RunCanvas } from "./RunCanvas";
import { RunHeader } from "./RunHeader";
import { RunContext } from "./RunContext";
import { filesOf } from "./filesOf";
import { Waterfall } from "./Waterfall";

/** The page of one run: loads what is needed, then shows it. */
export function RunPage({ bootstrap }: { bootstrap: RunBootstrap }) {
  const client = useMemo(() => createClient(bootstrap.api), [bootstrap.api]);
  const [loaded, setLoaded] = useState<{ record: RunRecord; kinds: NodeKindSchema[] } | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    Promise.all([fetchRun(client, bootstrap.id), fetchKinds(client)]).then(
      ([record, kinds]) => setLoaded({ record: { ...record, document: completeGraph(record.document) }, kinds }),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  }, [client, bootstrap.id]);
  if (problem) return <p className="notice run-notice" data-tone="error" role="alert">{problem}</p>;
  if (!loaded) return <p className="loading" role="status">Loading the run…</p>;
  return <LoadedRun bootstrap={bootstrap} record={loaded.record} kinds={loaded.kinds} />;
}

const VIEWS = ["Waterfall", "Canvas", "Detail"] as const;

function LoadedRun({ bootstrap, record, kinds }: { bootstrap: RunBootstrap; record: RunRecord; kinds: NodeKindSchema[] }) {
  const client = useMemo(() => createClient(bootstrap.api), [bootstrap.api]);
  const faces = useMemo(() => createFaceStore(), []);
  const store = useMemo(() => createTraceStore(record.document, faces), [record.document, faces]);
  const [view, setView] = useState<(typeof VIEWS)[number]>("Waterfall");
  const [problem, setProblem] = useState("");
  useEffect(
    () => followRun(client, record.id, bootstrap.socket, store, (error) => setProblem(error instanceof Error ? error.message : String(error))),
    [client, record.id, bootstrap.socket, store],
  );
  useEffect(
    () =>
      store.subscribe((now, before) => {
        if (!now.isLoaded || before.isLoaded) return;
        const wanted = new URLSearchParams(location.hash.slice(1)).get("span");
        if (wanted !== null && now.index.has(wanted)) store.show(wanted);
        if (store.getState().selected !== "") setView("Detail");
      }),
    [store],
  );
  const files = useMemo(() => filesOf(client, record.id), [client, record.id]);
  const loadBlob = useMemo(() => (sha256: string) => fetchBlob(client, record.id, sha256), [client, record.id]);
  const kindMap = useMemo(() => new Map(kinds.map((kind) => [kind.name, kind])), [kinds]);
  const context = useMemo(() => ({ client, record, kinds: kindMap, may: record.may }), [client, record, kindMap]);
  return (
    <RunContext value={context}>
      <TraceContext value={store}>
        <FacesContext value={faces}>
          <BlobContext value={loadBlob}>
            <FileContext value={files}>
              <div className="run" data-view={view}>
                <RunHeader onOpen={() => setView("Detail")} />
                {problem ? <p className="notice run-notice" data-tone="error" role="alert">{problem}</p> : null}
                <div className="run-views" role="group" aria-label="View">
                  {VIEWS.map((name) => (
                    <button key={name} type="button" className="button" aria-pressed={view === name} onClick={() => setView(name)}>
                      {name}
                    </button>
                  ))}
                </div>
                <section className="run-canvas" aria-label="Canvas">
                  <RunCanvas graph={record.document} kinds={kindMap} />
                </section>
                <section className="run-waterfall" aria-label="Waterfall">
                  <Waterfall takesKeys onOpen={() => setView((now) => (matchMedia("(max-width: 900px)").matches ? "Detail" : now))} />
                </section>
                <section className="run-detail" aria-label="Detail">
                  <DetailPanel />
                </section>
              </div>
            </FileContext>
          </BlobContext>
        </FacesContext>
      </TraceContext>
    </RunContext>
  );
}
