import { useEffect, useMemo, useState } from "react";
import { LibraryContext, loadLibrary, type Library } from "../library";
import { createClient, fetchGraph, fetchKinds, type EditorBootstrap, type GraphRecord } from "../api";
import type { NodeKindSchema } from "../contract";
import { Editor } from "./Editor";
import { startSaving } from "./saving";
import { EditorContext, createEditorStore } from "./store";

interface Loaded {
  record: GraphRecord;
  kinds: NodeKindSchema[];
  library: Library;
}

/** Loads the graph and what it can be made of. */
export function EditorPage({ bootstrap }: { bootstrap: EditorBootstrap }) {
  const client = useMemo(() => createClient(bootstrap.api), [bootstrap.api]);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    Promise.all([fetchGraph(client, bootstrap.slug), fetchKinds(client), loadLibrary(client)]).then(
      ([record, kinds, library]) => setLoaded({ record, kinds, library }),
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
  return (
    <EditorContext value={store}>
      <LibraryContext value={loaded.library}>
        <Editor client={client} saver={saver} tenant={bootstrap.tenant.slug} />
      </LibraryContext>
    </EditorContext>
  );
}
