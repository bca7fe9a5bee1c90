import { useRef, type KeyboardEvent, type PointerEvent, type RefObject } from "react";
import { formatDuration, formatTick } from "../../figures";
import { useTrace, useTraceStore } from "../store";
import { ticks, timeAt, xOf, type Window } from "../timeline";

interface TimeAxisProps {
  lane: RefObject<HTMLDivElement | null>;
  width: number;
  window: Window;
  originUs: number;
  endUs: number;
}

const STEPS = 100;

/** The axis, and the one time cursor: drag it, and every view shows the run as of then. */
export function TimeAxis({ lane, width, window, originUs, endUs }: TimeAxisProps) {
  const store = useTraceStore();
  const cursorUs = useTrace((view) => view.cursorUs);
  const isDragging = useRef(false);
  const put = (atUs: number) => store.setState({ cursorUs: Math.min(Math.max(atUs, originUs), endUs) });
  const point = (event: PointerEvent<HTMLDivElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left;
    put(timeAt(event.clientX - left, window, width));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = (window.toUs - window.fromUs) / STEPS;
    const from = cursorUs ?? endUs;
    if (event.key === "ArrowLeft") put(from - step);
    else if (event.key === "ArrowRight") put(from + step);
    else if (event.key === "Escape") store.setState({ cursorUs: null });
    else return;
    event.preventDefault();
  };
  const valueText = cursorUs === null ? "Now" : `As of ${formatDuration(cursorUs - originUs)}`;
  return (
    <div className="axis">
      <div className="axis-gutter">
        {cursorUs === null ? (
          <span className="muted">Drag the axis to go back in time</span>
        ) : (
          <button type="button" className="chip axis-chip" onClick={() => store.setState({ cursorUs: null })}>
            {valueText} ✕
          </button>
        )}
      </div>
      <div
        ref={lane}
        className="axis-lane"
        role="slider"
        tabIndex={0}
        aria-label="Time cursor"
        aria-valuemin={0}
        aria-valuemax={Math.round((endUs - originUs) / 1_000)}
        aria-valuenow={Math.round(((cursorUs ?? endUs) - originUs) / 1_000)}
        aria-valuetext={valueText}
        onPointerDown={(event) => {
          isDragging.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
          point(event);
        }}
        onPointerMove={(event) => {
          if (isDragging.current) point(event);
        }}
        onPointerUp={() => {
          isDragging.current = false;
        }}
        onDoubleClick={() => store.setState({ cursorUs: null })}
        onKeyDown={onKeyDown}
      >
        {ticks(window, originUs, width).map((tick) => (
          <span key={tick} className="tick numeric" style={{ left: xOf(originUs + tick, window, width) }}>
            {formatTick(tick)}
          </span>
        ))}
        {cursorUs === null ? null : <span className="axis-cursor" style={{ left: xOf(cursorUs, window, width) }} />}
      </div>
    </div>
  );
}
