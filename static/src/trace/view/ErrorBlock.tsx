import type { ErrorInfo } from "../../contract";

/** What went wrong, and how to mend it. */
export function ErrorBlock({ error, onGo }: { error: ErrorInfo; onGo?: (path: string) => void }) {
  return (
    <div className="notice stack" data-tone="error">
      <div>
        <strong>{error.message}</strong>
        <span className="mono error-code"> {error.code}</span>
      </div>
      {error.cure ? <p>{error.cure}</p> : null}
      {error.path && onGo ? (
        <button type="button" className="link" onClick={() => onGo(error.path ?? "")}>
          Show where it happened
        </button>
      ) : null}
    </div>
  );
}
