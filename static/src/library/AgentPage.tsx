import { useEffect, useMemo, useState } from "react";
import { ApiError, createClient, saveAgent, type AgentBootstrap } from "../api";
import type { Agent } from "../contract";
import { FormContext } from "../forms";
import { completeAgent } from "../graph";
import { AgentForm } from "./AgentForm";
import { LibraryContext, loadLibrary, type Library } from "./library";

/** An agent of the library, to be read or changed. */
export function AgentPage({ bootstrap }: { bootstrap: AgentBootstrap }) {
  const client = useMemo(() => createClient(bootstrap.api), [bootstrap.api]);
  const [library, setLibrary] = useState<Library | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    loadLibrary(client).then(setLibrary, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  }, [client]);
  if (problem) return <p className="notice" data-tone="error" role="alert">{problem}</p>;
  if (library === null) return <p className="loading" role="status">Loading the agent…</p>;
  return (
    <LibraryContext value={library}>
      <LoadedAgent bootstrap={bootstrap} models={library.models.map((model) => ({ value: model.name, label: model.label }))} />
    </LibraryContext>
  );
}

function LoadedAgent({ bootstrap, models }: { bootstrap: AgentBootstrap; models: { value: string; label: string }[] }) {
  const client = useMemo(() => createClient(bootstrap.api), [bootstrap.api]);
  const [agent, setAgent] = useState<Agent>(() => completeAgent(bootstrap.agent));
  const [kept, setKept] = useState({ agent, revision: bootstrap.revision });
  const [state, setState] = useState<"" | "saving" | "saved">("");
  const [problem, setProblem] = useState<ApiError | null>(null);
  const isChanged = agent !== kept.agent;
  useLeaveGuard(isChanged && state !== "saving");
  const save = () => {
    setState("saving");
    setProblem(null);
    saveAgent(client, bootstrap.slug, agent, kept.revision).then(
      (row) => {
        const isNew = bootstrap.slug === null;
        const toolsChanged = agent.tools.join() !== kept.agent.tools.join();
        setKept({ agent, revision: row.revision });
        setState("saved");
        // Another address, or what the page says of tools that wait for an admin.
        if (isNew || toolsChanged) window.location.assign(`/agents/${encodeURIComponent(row.slug)}/`);
      },
      (error: unknown) => {
        setState("");
        setProblem(error instanceof ApiError ? error : new ApiError(0, "unknown", String(error), "", null));
      },
    );
  };
  const context = useMemo(() => ({ agents: [], tools: [], models }), [models]);
  return (
    <form className="card stack agent-page" aria-label="The agent" noValidate onSubmit={(event) => { event.preventDefault(); save(); }}>
      {problem ? <Refused problem={problem} slug={bootstrap.slug} /> : null}
      <FormContext value={context}>
        <AgentForm agent={agent} problems={fieldsOf(problem)} disabled={!bootstrap.may.edit || state === "saving"} onChange={(next) => { setAgent(next); setState(""); }} />
      </FormContext>
      {bootstrap.may.edit ? (
        <div className="row agent-page-foot">
          <button type="submit" className="button button-primary" disabled={!isChanged || state === "saving"}>{state === "saving" ? "Saving…" : "Save"}</button>
          <span className="muted" role="status">{isChanged ? "Not saved yet." : state === "saved" ? "Saved. Graphs take it over with their next version." : ""}</span>
        </div>
      ) : null}
    </form>
  );
}

function Refused({ problem, slug }: { problem: ApiError; slug: string | null }) {
  const revision = isObject(problem.details) && typeof problem.details.revision === "number" ? problem.details.revision : null;
  return (
    <div className="notice" data-tone="error" role="alert">
      <p>{problem.message} {problem.cure}</p>
      {revision !== null && slug !== null ? <p><a href={`/agents/${slug}/`} target="_blank" rel="noreferrer">Look at the newer revision {revision}</a>, and make your change there.</p> : null}
    </div>
  );
}

/** What the server found wrong, by field. */
function fieldsOf(problem: ApiError | null): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const listed = isObject(problem?.details) ? problem.details.problems : null;
  for (const one of Array.isArray(listed) ? (listed as unknown[]) : []) {
    if (!isObject(one) || typeof one.field !== "string") continue;
    found.set(one.field, [...(found.get(one.field) ?? []), String(one.message)]);
  }
  return found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The browser asks before a page with unsaved work is left. */
function useLeaveGuard(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isUnsaved]);
}
