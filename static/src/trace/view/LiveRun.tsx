import { useEffect, useMemo, useState } from "react";
import { fetchBlob, fetchRun, type Client, type RunRecord } from "../../api";
import { BlobContext, FileContext, StatusBadge, useNow } from "../../controls";
import type { Graph, NodeKindSchema } from "../../contract";
import { formatCompact, formatCost, formatDuration, isTerminal } from "../../figures";
import { completeGraph } from "../../graph";
import type { FaceTarget } from "../store";
import { TraceContext, createTraceStore, useTrace } from "../store";
import { followRun } from "../follow";
import { DetailPanel } from "./DetailPanel";
import { RunContext } from "./RunContext";
import { filesOf } from "./filesOf";
import { Waterfall } from "./Waterfall";

interface LiveRunProps {
  client: Client;
  id: string;
  /** The document as it was when the run began. */
  graph: Graph;
  kinds: ReadonlyMap<string, NodeKindSchema>;
  faces: FaceTarget;
  onProblem: (message: string) => void;
}

/** A run shown where its graph is drawn: the canvas gets its states, the drawer its spans. */
export function LiveRun({ client, id, graph, kinds, faces, onProblem }: LiveRunProps) {
  const [begun] = useState(graph);
  const store = useMemo(() => createTraceStore(begun, faces), [begun, faces]);
  const [record, setRecord] = useState<RunRecord | null>(null);
  useEffect(() => {
    const fail = (error: unknown) => onProblem(error instanceof Error ? error.message : String(error));
    fetchRun(client, id).then((found) => setRecord({ ...found, document: completeGraph(found.document) }), fail);
    return followRun(client, id, `/ws/runs/${id}/`, store, fail);
  }, [client, id, store, onProblem]);
  const about = useMemo(() => (record ? { client, record, kinds, may: record.may } : null), [client, record, kinds]);
  const files = useMemo(() => filesOf(client, id), [client, id]);
  const loadBlob = useMemo(() => (sha256: string) => fetchBlob(client, id, sha256), [client, id]);
  if (!about) return <p className="loading" role="status">Starting…</p>;
  return (
    <RunContext value={about}>
      <TraceContext value={store}>
        <BlobContext value={loadBlob}>
          <FileContext value={files}>
            <div className="live">
              <LiveSums id={id} />
              <div className="live-body">
                <Waterfall onOpen={() => undefined} />
                <DetailPanel />
              </div>
            </div>
          </FileContext>
        </BlobContext>
      </TraceContext>
    </RunContext>
  );
}

function LiveSums({ id }: { id: string }) {
  useTrace((view) => view.revision);
  const run = useTrace((view) => view.run);
  const isLive = !isTerminal(run.status);
  const now = useNow(isLive, 100) * 1_000;
  return (
    <div className="live-sums numeric">
      <StatusBadge status={run.status} />
      <span>{run.startedUs ? formatDuration((run.endedUs ?? Math.max(now, run.lastUs)) - run.startedUs) : "–"}</span>
      <span>{formatCompact(run.usage.input_tokens + run.usage.output_tokens)} tokens</span>
      <span>{formatCost(run.usage.cost_nano_usd)}</span>
      <a href={`/runs/${id}/`}>Open the run page</a>
    </div>
  );
}
