/** What a page tells its island before anything is fetched. */
import type { Agent } from "../contract";

export interface EditorBootstrap {
  slug: string;
  user: { name: string };
  tenant: { slug: string; name: string };
  may: { edit: boolean; run: boolean; publish: boolean };
  api: string;
}

export interface RunBootstrap {
  id: string;
  user: { name: string };
  tenant: { slug: string; name: string };
  may: { cancel: boolean; answer: boolean };
  api: string;
  socket: string;
}

export interface AgentBootstrap {
  /** Null for one that is not in the library yet. */
  slug: string | null;
  revision: number;
  agent: Partial<Agent>;
  may: { edit: boolean };
  api: string;
}

export function readBootstrap<T>(): T {
  const element = document.getElementById("bootstrap");
  if (element === null) throw new Error("The page lacks its bootstrap data.");
  return JSON.parse(element.textContent ?? "") as T;
}
