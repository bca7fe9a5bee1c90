/** JSON over fetch with Django's CSRF token; every failure becomes an ApiError. */
import { OFFLINE, waitOf, wordsOf } from "./failures";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly cure: string,
    readonly details: unknown,
    /** How long the server wants to be left alone. */
    readonly waitS: number | null = null,
  ) {
    super(message);
  }
}

export interface Client {
  get<T>(path: string): Promise<T>;
  send<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T>;
  /** Sends bytes as they are. */
  upload<T>(path: string, content: Blob): Promise<T>;
  url(path: string): string;
}

export function csrfToken(): string {
  return /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";
}

const UNREADABLE = Symbol("not JSON");

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const body = parsed(response, await response.text());
  if (response.ok && body !== UNREADABLE) return body as T;
  throw failure(response, body);
}

function parsed(response: Response, text: string): unknown {
  if (!(response.headers.get("content-type") ?? "").includes("json")) return UNREADABLE;
  try {
    return text === "" ? null : (JSON.parse(text) as unknown);
  } catch {
    return UNREADABLE;
  }
}

/** What the server says of it; what it does not say is worded by the status. */
function failure(response: Response, body: unknown): ApiError {
  const said = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const wait = waitOf(response.headers.get("retry-after"), Date.now());
  const words = wordsOf(response.status, wait);
  const text = (name: string, otherwise: string): string => {
    const own = said[name];
    return typeof own === "string" && own !== "" ? own : otherwise;
  };
  return new ApiError(response.status, text("code", `http_${response.status}`), text("detail", words.message), text("cure", words.cure), said.details ?? null, wait);
}

async function request<T>(url: string, init: RequestInit): Promise<T> {
  try {
    return await read<T>(await fetch(url, { credentials: "same-origin", ...init }));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(0, "offline", OFFLINE.message, OFFLINE.cure, null);
  }
}

export function createClient(base: string): Client {
  const url = (path: string) => `${base}/${path}`;
  return {
    url,
    get: (path) => request(url(path), { headers: { Accept: "application/json" } }),
    upload: (path, content) =>
      request(url(path), {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/octet-stream", "X-CSRFToken": csrfToken() },
        body: content,
      }),
    send: (method, path, body) =>
      request(url(path), {
        method,
        headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
        body: body === undefined ? null : JSON.stringify(body),
      }),
  };
}
