/** JSON over fetch with Django's CSRF token; every failure becomes an ApiError. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly cure: string,
    readonly details: unknown,
  ) {
    super(message);
  }
}

export interface Client {
  get<T>(path: string): Promise<T>;
  send<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T>;
  url(path: string): string;
}

interface ErrorBody {
  code?: string;
  message?: string;
  cure?: string;
  details?: unknown;
}

export function csrfToken(): string {
  return /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json");
  const body: unknown = isJson && text !== "" ? JSON.parse(text) : null;
  if (response.ok) return body as T;
  const error = (body ?? {}) as ErrorBody;
  throw new ApiError(
    response.status,
    error.code ?? `http_${response.status}`,
    error.message ?? `The server answered ${response.status}.`,
    error.cure ?? "Try again; if it stays, look at the server's log.",
    error.details ?? null,
  );
}

async function request<T>(url: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...init });
  } catch {
    throw new ApiError(0, "offline", "The server cannot be reached.", "Check the connection; nothing was lost here.", null);
  }
  return read<T>(response);
}

export function createClient(base: string): Client {
  const url = (path: string) => `${base}/${path}`;
  return {
    url,
    get: (path) => request(url(path), { headers: { Accept: "application/json" } }),
    send: (method, path, body) =>
      request(url(path), {
        method,
        headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
        body: body === undefined ? null : JSON.stringify(body),
      }),
  };
}
