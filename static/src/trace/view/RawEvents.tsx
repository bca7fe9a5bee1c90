import { JsonView } from "../../controls";
import type { Json } from "../../contract";
import { formatDuration } from "../../figures";
import { useTrace } from "../store";

const MOST = 200;

/** The events of the log that are about exactly this path. */
export function RawEvents({ path }: { path: string }) {
  const events = useTrace((view) => view.events);
  const origin = useTrace((view) => view.run.startedUs);
  const about = events.filter((event) => ("path" in event ? event.path : "scope" in event ? event.scope : "") === path).slice(0, MOST);
  if (about.length === 0) return <p className="muted">No events yet.</p>;
  return (
    <div className="stack">
      {about.map((event) => (
        <section key={event.seq}>
          <h3 className="raw-head">
            <span className="mono">{event.type}</span>
            <span className="muted numeric">no. {event.seq} · {formatDuration(event.at_us - origin)}</span>
          </h3>
          <JsonView value={event as unknown as Json} label={`event ${event.seq}`} />
        </section>
      ))}
    </div>
  );
}
