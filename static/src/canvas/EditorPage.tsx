import { useEffect, useMemo, useState } from "react";
import { createClient, fetchAgentSchema, fetchGraph, fetchKinds, fetchLibrary, fetchModels, fetchTools, type EditorBootstrap, type GraphRecord, type LibraryRow, type ModelRow, type ToolRow } from "../api";
import type { NodeKindSchema } from "../contract";
import type { Schema } from "../forms";
import { Editor } from "./Editor";
import { LibraryContext } from "./library";
import { startSaving } from "./saving";
import { EditorContext, createEditorStore } from "./store";

interface Loaded {
  record: GraphRecord;
  kinds: NodeKindSchema[];
  tools: ToolRow[];
  models: ModelRow[];
  agents: LibraryRow[];
  agentSchema: Schema;
}

/** Loads the graph and what it can be made of. */
export function EditorPage({ bootstrap }: { bootstrap: EditorBootstrap }) {
  const client = useMemo(() => createClient(bootstrap.api), [bootstrap.api]);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    Promise.all([
      fetchGraph(client, bootstrap.slug),
      fetchKinds(client),
      fetchAgentSchema(client),
      fetchTools(client).catch(() => []),
      fetchModels(client).catch(() => []),
      fetchLibrary(client).catch(() => []),
    ]).then(
      ([record, kinds, agentSchema, tools, models, agents]) => setLoaded({ record, kinds, agentSchema, tools, models, agents }),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  }, [client, bootstrap.slug]);
  if (problem) return <p className="notice run-notice" data-tone="error" role="alert">{problem}</p>;
  if (!loaded) return <p className="loading" role="status">Loading the graph…</p>;
  return <LoadedEditor bootstrap={bootstrap} loaded={loaded} />;
}

function LoadedEditor({ bootstrap, loaded }: { bootstrap: EditorBootstrap; loaded: Loaded }) {
  const client = useMemo(() => createClient(bootstrap.api), [bootstrap.api]);
  const store = useMemo(() => createEditorStore(loaded.record, loaded.kinds), [loaded]);
  const saver = useMemo(() => startSaving(store, client, bootstrap.tenant.slug, window.localStorage), [store, client, bootstrap.tenant.slug]);
  const library = useMemo(() => ({ tools: loaded.tools, models: loaded.models, agents: loaded.agents, agentSchema: loaded.agentSchema }), [loaded]);
  return (
    <EditorContext value={store}>
      <LibraryContext value={library}>
        <Editor client={client} saver={saver} tenant={bootstrap.tenant.slug} />
      </LibraryContext>
    </EditorContext>
  );
}
