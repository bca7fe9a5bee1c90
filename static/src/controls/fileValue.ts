/** Files among the values of a run: recognised by their shape, shown by their kind. */
import type { FilePart, Json } from "../contract";

export type FileValue = Pick<FilePart, "type" | "digest" | "media_type" | "name" | "size"> & { at_s?: number | null };

export type FileKind = "image" | "audio" | "video" | "document" | "text";

const TEXTS = new Set(["application/json", "application/xml", "application/yaml", "image/svg+xml"]);
const SENSES = new Map<string, FileKind>([["image", "image"], ["audio", "audio"], ["video", "video"], ["text", "text"]]);

/** The file that a value is; null for any other value, whatever it calls itself. */
export function asFile(value: Json | undefined): FileValue | null {
  if (value === null || value === undefined || typeof value !== "object" || Array.isArray(value) || value.type !== "file") return null;
  const { digest, media_type, name, size } = value;
  const isOne = typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest) && typeof media_type === "string" && typeof name === "string" && typeof size === "number";
  return isOne ? (value as unknown as FileValue) : null;
}

export function kindOfFile(mediaType: string): FileKind {
  if (TEXTS.has(mediaType)) return "text";
  return SENSES.get(mediaType.split("/")[0] ?? "") ?? "document";
}

/** What a browser's file dialog is told to offer. */
const OFFERED: Record<FileKind, string> = {
  image: "image/*",
  audio: "audio/*",
  video: "video/*",
  document: ".pdf,.docx",
  text: "text/*,.md,.csv,.json,.yaml",
};

export function offeredFor(kinds: readonly string[]): string | undefined {
  const known = kinds.filter((kind): kind is FileKind => Object.hasOwn(OFFERED, kind));
  return known.length === 0 ? undefined : known.map((kind) => OFFERED[kind]).join(",");
}
