import { Download, FileText } from "lucide-react";
import { useContext, useState } from "react";
import { formatBytes } from "../figures";
import { FileContext, type FileSource, type FileWords } from "./FileContext";
import { kindOfFile, type FileKind, type FileValue } from "./fileValue";

/** A file of a run: a picture, a player, or how a document begins; and always its name, kind and size. */
export function FileCard({ file }: { file: FileValue }) {
  const source = useContext(FileContext);
  const kind = kindOfFile(file.media_type);
  const at = file.at_s === undefined || file.at_s === null ? "" : ` · at ${file.at_s} s`;
  return (
    <figure className="file-card">
      {source ? <Shown file={file} kind={kind} source={source} /> : null}
      <figcaption>
        <span className="file-name">{file.name}</span>
        <span className="muted">
          {file.media_type} · {formatBytes(file.size)}
          {at}
        </span>
        {source ? (
          <a className="button button-quiet button-icon" href={source.url(file.digest, file.name)} download={file.name} aria-label={`Download ${file.name}`} title="Download">
            <Download aria-hidden />
          </a>
        ) : null}
      </figcaption>
    </figure>
  );
}

function Shown({ file, kind, source }: { file: FileValue; kind: FileKind; source: FileSource }) {
  const url = source.url(file.digest, file.name);
  switch (kind) {
    case "image":
      return <Picture file={file} url={url} />;
    case "audio":
      // eslint-disable-next-line jsx-a11y/media-has-caption -- what people send comes without captions
      return <audio controls preload="metadata" src={url} aria-label={file.name} />;
    case "video":
      // eslint-disable-next-line jsx-a11y/media-has-caption -- what people send comes without captions
      return <video controls preload="metadata" src={url} aria-label={file.name} />;
    default:
      return <Beginning file={file} source={source} />;
  }
}

/** Small until somebody wants to see it whole. */
function Picture({ file, url }: { file: FileValue; url: string }) {
  const [isWhole, setWhole] = useState(false);
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return <p className="muted">This picture cannot be shown here.</p>;
  return (
    <button type="button" className="file-picture" aria-expanded={isWhole} aria-label={`${isWhole ? "Shrink" : "Enlarge"} ${file.name}`} onClick={() => setWhole(!isWhole)}>
      <img src={url} alt={file.name} loading="lazy" decoding="async" onError={() => setBroken(true)} />
    </button>
  );
}

function Beginning({ file, source }: { file: FileValue; source: FileSource }) {
  const [words, setWords] = useState<FileWords | null>(null);
  const [problem, setProblem] = useState("");
  const load = () => {
    source.words(file.digest).then(setWords, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  };
  if (problem) return <p className="field-error">{problem}</p>;
  if (words === null) {
    return (
      <button type="button" className="button" onClick={load}>
        <FileText aria-hidden /> Show how it begins
      </button>
    );
  }
  if (words.why_not) return <p className="muted">{words.why_not}</p>;
  return (
    <pre className="file-words">
      {words.text}
      {words.cut ? "\n…" : ""}
    </pre>
  );
}
