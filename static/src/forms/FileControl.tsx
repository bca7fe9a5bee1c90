import { Upload, X } from "lucide-react";
import { useContext, useRef, useState, type DragEvent } from "react";
import type { Json } from "../contract";
import { asFile, offeredFor } from "../controls";
import { formatBytes } from "../figures";
import { FormContext } from "./FormContext";

interface FileControlProps {
  id: string;
  describedBy: string | undefined;
  invalid: boolean;
  value: Json;
  disabled: boolean;
  /** Kinds of files that are taken; none named: all. */
  accept: readonly string[];
  onChange: (value: Json) => void;
}

/** One file: chosen or dropped, sent at once, and in the form what the server says it is. */
export function FileControl({ id, describedBy, invalid, value, disabled, accept, onChange }: FileControlProps) {
  const { onUpload } = useContext(FormContext);
  const [sending, setSending] = useState("");
  const [problem, setProblem] = useState("");
  const [isOver, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const file = asFile(value);
  const isShut = disabled || sending !== "" || onUpload === undefined;
  const send = async (chosen: File | undefined) => {
    if (!chosen || !onUpload) return;
    setProblem("");
    setSending(chosen.name);
    try {
      onChange(await onUpload(chosen));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setSending("");
      if (input.current) input.current.value = "";
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!isShut) void send(event.dataTransfer.files[0]);
  };
  return (
    <div className="file-drop" data-over={isOver || undefined} onDragOver={(event) => { event.preventDefault(); setOver(!isShut); }} onDragLeave={() => setOver(false)} onDrop={drop}>
      {file ? (
        <p className="file-chosen">
          <span className="file-name">{file.name}</span>
          <span className="muted">{file.media_type} · {formatBytes(file.size)}</span>
          <button type="button" className="button button-quiet button-icon" disabled={disabled} aria-label={`Remove ${file.name}`} onClick={() => onChange(null)}>
            <X aria-hidden />
          </button>
        </p>
      ) : null}
      <label className="button file-choose">
        <Upload aria-hidden /> {sending ? `Sending ${sending}…` : file ? "Choose another" : "Choose a file"}
        <input ref={input} id={id} type="file" className="visually-hidden" accept={offeredFor(accept)} disabled={isShut} aria-describedby={describedBy} aria-invalid={invalid || problem !== "" || undefined} onChange={(event) => void send(event.target.files?.[0])} />
      </label>
      {file ? null : <span className="muted">or drop it here{accept.length > 0 ? `: ${accept.join(", ")}` : ""}</span>}
      {problem ? <p className="field-error" role="alert">{problem}</p> : null}
    </div>
  );
}
