import { memo } from "react";
import { StatusDisc } from "../../controls";
import { formatCompact, formatCost, formatDuration, isBad } from "../../figures";
import type { Span } from "../spans";
import { barOf, xOf, type Window } from "../timeline";
import { SpanIcon } from "./spanIcon";

interface WaterfallRowProps {
  id: string;
  span: Span;
  top: number;
  width: number;
  window: Window;
  nowUs: number;
  cursorUs: number | null;
  isLive: boolean;
  isSelected: boolean;
  isCollapsed: boolean;
  onSelect: (path: string) => void;
  onToggle: (path: string) => void;
  onFit: () => void;
}

const LABEL_ROOM = 190;

/** One span: who it is in the gutter, when it was in the lane, what it took behind the bar. */
export const WaterfallRow = memo(function WaterfallRow(props: WaterfallRowProps) {
  const { span, width, window, nowUs, cursorUs, isLive } = props;
  const endUs = span.endUs ?? nowUs;
  const bar = barOf(span.startUs, endUs, window, width);
  const isOpen = span.endUs === null && isLive;
  const fitsBehind = bar !== null && bar.left + bar.width + LABEL_ROOM < width;
  const isFuture = cursorUs !== null && span.startUs > cursorUs;
  return (
    // The tree takes the keys for its rows.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={props.id}
      className="span"
      role="treeitem"
      tabIndex={-1}
      aria-level={span.depth + 1}
      aria-selected={props.isSelected}
      aria-expanded={span.children.length > 0 ? !props.isCollapsed : undefined}
      data-bad={isBad(span.status)}
      data-future={isFuture}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={() => props.onSelect(span.path)}
      onDoubleClick={props.onFit}
    >
      <div className="span-gutter" style={{ paddingLeft: 6 + Math.min(span.depth, 12) * 14 }}>
        {span.children.length > 0 ? (
          <button
            type="button"
            className="span-fold"
            tabIndex={-1}
            aria-label={props.isCollapsed ? "Expand" : "Collapse"}
            onClick={(event) => {
              event.stopPropagation();
              props.onToggle(span.path);
            }}
          >
            {props.isCollapsed ? "▸" : "▾"}
          </button>
        ) : (
          <span className="span-fold" />
        )}
        <SpanIcon sort={span.sort} />
        <span className="span-name">{span.name}</span>
        {span.detail ? <span className="span-detail">{span.detail}</span> : null}
        {span.status === "succeeded" ? <span className="visually-hidden">Succeeded</span> : <StatusDisc status={span.status} />}
      </div>
      <div className="span-lane">
        {bar ? <span className="span-bar" data-sort={span.sort} data-waits={span.waits} data-open={isOpen} style={{ left: bar.left, width: bar.width }} /> : null}
        {bar ? (
          <span
            className="span-label numeric"
            data-side={fitsBehind ? "right" : bar.left > LABEL_ROOM ? "left" : "inside"}
            style={fitsBehind ? { left: bar.left + bar.width + 6 } : bar.left > LABEL_ROOM ? { right: width - bar.left + 6 } : { left: Math.max(bar.left, 0) + 6 }}
          >
            {labelOf(span, endUs - span.startUs)}
          </span>
        ) : null}
        {isLive ? <span className="now-line" style={{ left: xOf(nowUs, window, width) }} /> : null}
        {cursorUs === null ? null : <span className="cursor-line" style={{ left: xOf(cursorUs, window, width) }} />}
      </div>
    </div>
  );
});

function labelOf(span: Span, durationUs: number): string {
  const tokens = span.usage.input_tokens + span.usage.output_tokens;
  return [
    formatDuration(durationUs),
    tokens > 0 ? `${formatCompact(tokens)} tok` : "",
    span.usage.cost_nano_usd > 0 ? formatCost(span.usage.cost_nano_usd) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
