import { STATUS_WORD, type AnyStatus } from "../figures";

export function StatusBadge({ status, note }: { status: AnyStatus; note?: string }) {
  return (
    <span className="badge" data-status={status}>
      {STATUS_WORD[status]}
      {note ? ` · ${note}` : ""}
    </span>
  );
}

/** The icon and colour alone, for tight places; the word is there for screen readers and on hover. */
export function StatusDisc({ status }: { status: AnyStatus }) {
  return (
    <span className="disc" data-status={status} title={STATUS_WORD[status]}>
      <span className="visually-hidden">{STATUS_WORD[status]}</span>
    </span>
  );
}
