/** A value from 0 to 1, as a bar and as a number. */
export function ValueBar({ value }: { value: number }) {
  const share = Math.min(1, Math.max(0, value));
  return (
    <span className="value">
      <span className="value-bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className="numeric">{share > 0 && share < 0.01 ? "<0.01" : share.toFixed(2)}</span>
    </span>
  );
}
