/** What the server answers, and the requests the islands make. */
import type { Agent, ErrorInfo, Graph, Json, NodeKindSchema, Problem, RunEvent, RunStatus, ToolSpec } from "../contract";
import type { Client } from "./client";
import { fetchList } from "./lists";

export interface GraphRecord {
  id: string;
  slug: string;
  title: string;
  document: Graph;
  revision: number;
  latest_version: number | null;
  problems: Problem[];
  updated_at: string;
  updated_by: string;
  may: { edit: boolean; run: boolean; publish: boolean };
  /** An input that shows what the graph can do; only graphs that came from a template have one. */
  example_input?: Record<string, Json> | null;
}

export interface Saved {
  revision: number;
  problems: Problem[];
  saved_at: string;
}

export interface StaleRevision {
  revision: number;
  document: Graph;
  updated_by: string;
  updated_at: string;
}

export interface VersionRow {
  number: number;
  digest: string;
  created_at: string;
  created_by: string;
  note: string;
}

export interface ModelRow {
  name: string;
  label: string;
  provider: string;
  demo: boolean;
  available: boolean;
  input_price: number | null;
  output_price: number | null;
  /** Kinds of files; null when that is not known. */
  takes: string[] | null;
}

export type ToolRow = ToolSpec & { enabled: boolean };

export interface LibraryRow {
  slug: string;
  agent: Agent;
  revision: number;
  updated_at: string;
}

export interface RunSummary {
  id: string;
  status: RunStatus;
  graph: { slug: string; title: string };
  version: number | null;
  trigger: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  input_preview: string;
  usage: { input_tokens: number; output_tokens: number; cost_nano_usd: number };
  user: string;
  waiting: number;
  error: ErrorInfo | null;
}

export interface RunRecord extends RunSummary {
  input: Json;
  output: Json;
  last_seq: number;
  /** The run that started it, for whoever may see that one. */
  parent_run: string | null;
  document: Graph;
  may: { cancel: boolean; answer: boolean };
  /** Tools whose calls in this run somebody else must approve: who looks at it started it. */
  left_to_others: string[];
}

export interface EventPage {
  events: RunEvent[];
  last_seq: number;
  more: boolean;
}

export type Command =
  | { type: "pause" | "resume" | "cancel" }
  | { type: "answer"; path: string; action: string; value: Json; comment: string; digest: string };

const EVENT_PAGE = 5_000;

export const fetchKinds = (client: Client) => fetchList<NodeKindSchema>(client, "node-kinds", "kinds");
export const fetchAgentSchema = (client: Client) => client.get<Record<string, Json>>("agent-schema");
export const fetchTools = (client: Client) => fetchList<ToolRow>(client, "tools", "tools");
export const fetchModels = (client: Client) => fetchList<ModelRow>(client, "models", "models");
export const fetchLibrary = (client: Client) => fetchList<LibraryRow>(client, "agents", "agents");

export const fetchGraph = (client: Client, slug: string) => client.get<GraphRecord>(`graphs/${slug}`);
export const saveDraft = (client: Client, slug: string, document: Graph, revision: number) =>
  client.send<Saved>("PUT", `graphs/${slug}/draft`, { document, revision });
export const createGraph = (client: Client, title: string, document: Graph) =>
  client.send<{ slug: string }>("POST", "graphs", { title, document });
export const fetchVersions = (client: Client, slug: string) => fetchList<VersionRow>(client, `graphs/${slug}/versions`, "versions");
export const publishVersion = (client: Client, slug: string, note: string) =>
  client.send<VersionRow>("POST", `graphs/${slug}/versions`, { note });
export const restoreVersion = (client: Client, slug: string, number: number, revision: number) =>
  client.send<unknown>("POST", `graphs/${slug}/versions/${number}/restore`, { revision });

export const startRun = (client: Client, slug: string, input: Json, draft: boolean) =>
  client.send<RunSummary>("POST", `graphs/${slug}/runs`, { input, version: null, draft });
export const fetchRun = (client: Client, id: string) => client.get<RunRecord>(`runs/${id}`);
export const fetchEvents = (client: Client, id: string, after: number) =>
  client.get<EventPage>(`runs/${id}/events?after=${after}&limit=${EVENT_PAGE}`);
export const fetchBlob = (client: Client, id: string, sha256: string) => client.get<Json>(`runs/${id}/blobs/${sha256}`);
export const uploadFile = async (client: Client, file: File) =>
  (await client.upload<{ file: Json }>(`files/${encodeURIComponent(file.name)}`, file)).file;
export const fileUrl = (client: Client, run: string, digest: string, name: string) =>
  client.url(`runs/${run}/files/${encodeURIComponent(digest)}?name=${encodeURIComponent(name)}`);
export const fetchFileWords = (client: Client, run: string, digest: string) =>
  client.get<{ text: string; cut: boolean; why_not: string }>(`runs/${run}/files/${encodeURIComponent(digest)}/words`);
export const sendCommand = (client: Client, id: string, command: Command) =>
  client.send<{ id: string }>("POST", `runs/${id}/commands`, command);
export const sendMessage = (client: Client, id: string, to: string, text: string) =>
  client.send<{ id: string }>("POST", `runs/${id}/messages`, { to, text });
export const tableUrl = (client: Client, id: string, path: string) =>
  client.url(`runs/${id}/table.csv?path=${encodeURIComponent(path)}`);
