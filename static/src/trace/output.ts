/** What of a run's output can be shown as a table. */
import type { Json } from "../contract";

function isTable(value: Json): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every((row) => row !== null && typeof row === "object" && !Array.isArray(row));
  if (value === null || typeof value !== "object") return false;
  return typeof value.$blob === "string" && typeof value.preview === "string" && /^\s*\[\s*\{/.test(value.preview);
}

/** The dot path to the first list of objects, or null. The output itself has the empty path. */
export function tablePath(output: Json, prefix = "", depth = 0): string | null {
  if (isTable(output)) return prefix;
  if (output === null || typeof output !== "object" || Array.isArray(output) || depth > 3) return null;
  for (const [key, value] of Object.entries(output)) {
    const found = tablePath(value, prefix === "" ? key : `${prefix}.${key}`, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

export function valueAt(output: Json, path: string): Json {
  let value: Json = output;
  for (const key of path === "" ? [] : path.split(".")) {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
    value = value[key] ?? null;
  }
  return value;
}
