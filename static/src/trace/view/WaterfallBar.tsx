import { ChevronsDownUp, ChevronsUpDown, Maximize2, Search, ZoomIn, ZoomOut } from "lucide-react";
import type { ReactNode } from "react";
import { STATUS_WORD, formatCount, type AnyStatus } from "../../figures";
import { sortTitle, type Span, type SpanSort } from "../spans";
import { useTrace, useTraceStore } from "../store";
import { zoomWindow, type Window } from "../timeline";

const SORTS: readonly SpanSort[] = ["step", "item", "part", "model", "tool", "human", "timer", "child", "memory"];
const STATUSES: readonly AnyStatus[] = ["running", "waiting", "succeeded", "failed", "refused", "unknown", "cancelled"];

interface WaterfallBarProps {
  bounds: Window;
  window: Window;
  onWindow: (window: Window | null) => void;
  shown: number;
  total: number;
}

/** Search, filters, folding and zoom. */
export function WaterfallBar({ bounds, window, onWindow, shown, total }: WaterfallBarProps) {
  const store = useTraceStore();
  const filter = useTrace((view) => view.filter);
  const sort = [...filter.sorts][0] ?? "";
  const status = [...filter.statuses][0] ?? "";
  const foldAll = () => {
    const folded = new Set<string>();
    const visit = (span: Span) => {
      if (span.children.length > 0 && span.depth > 0) folded.add(span.path);
      span.children.forEach(visit);
    };
    visit(store.getState().root);
    store.setState({ collapsed: folded });
  };
  return (
    <div className="waterfall-bar">
      <label className="search">
        <Search size={13} aria-hidden />
        <span className="visually-hidden">Search spans</span>
        <input className="input" placeholder="Search spans" value={filter.text} onChange={(event) => store.setState({ filter: { ...filter, text: event.target.value } })} />
      </label>
      <select className="select" aria-label="Kind of span" value={sort} onChange={(event) => store.setState({ filter: { ...filter, sorts: new Set(event.target.value ? [event.target.value as SpanSort] : []) } })}>
        <option value="">Every kind</option>
        {SORTS.map((name) => (
          <option key={name} value={name}>{sortTitle(name)}</option>
        ))}
      </select>
      <select className="select" aria-label="Status of span" value={status} onChange={(event) => store.setState({ filter: { ...filter, statuses: new Set(event.target.value ? [event.target.value as AnyStatus] : []) } })}>
        <option value="">Every status</option>
        {STATUSES.map((name) => (
          <option key={name} value={name}>{STATUS_WORD[name]}</option>
        ))}
      </select>
      <span className="muted numeric waterfall-count">{shown === total ? `${formatCount(total)} spans` : `${formatCount(shown)} of ${formatCount(total)} spans`}</span>
      <span className="waterfall-tools">
        <Tool name="Collapse all" onClick={foldAll}><ChevronsDownUp aria-hidden /></Tool>
        <Tool name="Expand all" onClick={() => store.setState({ collapsed: new Set() })}><ChevronsUpDown aria-hidden /></Tool>
        <Tool name="Zoom out" onClick={() => onWindow(zoomWindow(window, 1.6, 0.5, bounds))}><ZoomOut aria-hidden /></Tool>
        <Tool name="Zoom in (Ctrl+wheel)" onClick={() => onWindow(zoomWindow(window, 0.6, 0.5, bounds))}><ZoomIn aria-hidden /></Tool>
        <Tool name="Fit the whole run (F)" onClick={() => onWindow(null)}><Maximize2 aria-hidden /></Tool>
      </span>
    </div>
  );
}

function Tool({ name, onClick, children }: { name: string; onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" className="button button-quiet button-icon" aria-label={name} title={name} onClick={onClick}>
      {children}
    </button>
  );
}
