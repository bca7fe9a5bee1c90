import { Check, Copy } from "lucide-react";
import { useContext, useState } from "react";
import type { Json } from "../contract";
import { formatBytes } from "../figures";
import { BlobContext } from "./BlobContext";
import { FileCard } from "./FileCard";
import { asFile } from "./fileValue";

interface Blob {
  $blob: string;
  size: number;
  preview: string;
}

function asBlob(value: Json): Blob | null {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  return typeof value.$blob === "string" ? (value as unknown as Blob) : null;
}

/** A value as a tree that folds; big parts are fetched when asked for. */
export function JsonView({ value, label }: { value: Json; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(typeof value === "string" ? value : JSON.stringify(value, null, 2));
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <div className="json" role="group" aria-label={label}>
      <button type="button" className="json-copy button button-quiet button-icon" onClick={() => void copy()} aria-label={`Copy ${label}`}>
        {isCopied ? <Check aria-hidden /> : <Copy aria-hidden />}
      </button>
      <Value value={value} depth={0} />
    </div>
  );
}

function Value({ value, depth }: { value: Json; depth: number }) {
  const file = asFile(value);
  if (file) return <FileCard file={file} />;
  const blob = asBlob(value);
  if (blob) return <BigValue blob={blob} depth={depth} />;
  if (value === null) return <span className="json-null">null</span>;
  if (typeof value === "string") return <span className="json-text">{depth === 0 ? value : JSON.stringify(value)}</span>;
  if (typeof value !== "object") return <span className="json-number">{String(value)}</span>;
  const entries = Array.isArray(value) ? value.map((entry, index) => [String(index), entry] as const) : Object.entries(value);
  return <Branch entries={entries} isList={Array.isArray(value)} depth={depth} />;
}

const SHOWN = 100;

function Branch({ entries, isList, depth }: { entries: readonly (readonly [string, Json])[]; isList: boolean; depth: number }) {
  const [isOpen, setOpen] = useState(depth < 2 && entries.length <= SHOWN);
  const [limit, setLimit] = useState(SHOWN);
  if (entries.length === 0) return <span className="json-null">{isList ? "[]" : "{}"}</span>;
  const count = isList ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <span className="json-branch">
      <button type="button" className="json-fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? "▾" : "▸"} {count}
      </button>
      {isOpen ? (
        <ul>
          {entries.slice(0, limit).map(([key, entry]) => (
            <li key={key}>
              <span className="json-key">{key}</span> <Value value={entry} depth={depth + 1} />
            </li>
          ))}
          {entries.length > limit ? (
            <li>
              <button type="button" className="json-fold" onClick={() => setLimit(limit + SHOWN)}>
                showing {limit} of {entries.length}, show more
              </button>
            </li>
          ) : null}
        </ul>
      ) : null}
    </span>
  );
}

function BigValue({ blob, depth }: { blob: Blob; depth: number }) {
  const load = useContext(BlobContext);
  const [whole, setWhole] = useState<{ value: Json } | null>(null);
  const [problem, setProblem] = useState("");
  if (whole) return <Value value={whole.value} depth={depth} />;
  const fetchWhole = () => {
    load?.(blob.$blob).then(
      (value) => setWhole({ value }),
      (error: unknown) => setProblem(error instanceof Error ? error.message : "It could not be loaded."),
    );
  };
  return (
    <span className="json-blob">
      <span className="json-text">{blob.preview}…</span>
      {load ? (
        <button type="button" className="button" onClick={fetchWhole}>
          Show all {formatBytes(blob.size)}
        </button>
      ) : null}
      {problem ? <span className="field-error">{problem}</span> : null}
    </span>
  );
}
