/** Values of the log with the big parts put back that were stored apart from their event. */
import type { Json } from "../contract";

type Load = (sha256: string) => Promise<Json>;

/** A key `$blob` of somebody's own data is written with one more `$`, so that it is never taken for a stored part. */
const MARKED = /^\$+blob$/;

function storedAs(value: Json): string | null {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  return typeof value.$blob === "string" ? value.$blob : null;
}

/** Whether the value has to be put together before somebody edits it. */
export function isInParts(value: Json): boolean {
  if (value === null || typeof value !== "object") return false;
  return storedAs(value) !== null || Object.entries(value).some(([key, part]) => (!Array.isArray(value) && MARKED.test(key)) || isInParts(part));
}

export async function wholeValue(value: Json, load: Load): Promise<Json> {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return Promise.all(value.map((part) => wholeValue(part, load)));
  const sha256 = storedAs(value);
  if (sha256 !== null) return load(sha256);
  const parts = Object.entries(value).map(async ([key, part]) => [MARKED.test(key) ? key.slice(1) : key, await wholeValue(part, load)] as const);
  return Object.fromEntries(await Promise.all(parts));
}
