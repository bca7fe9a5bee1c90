import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useNow } from "../../controls";
import { isTerminal } from "../../figures";
import { flatten } from "../spans";
import { useTrace, useTraceStore } from "../store";
import { fitWindow, panWindow, zoomWindow, type Window } from "../timeline";
import { TimeAxis } from "./TimeAxis";
import { WaterfallBar } from "./WaterfallBar";
import { WaterfallRow } from "./WaterfallRow";
import { useLane } from "./useLane";

export const ROW_HEIGHT = 28;

/** Every span of the run on one axis. Only the rows in sight are mounted. */
export function Waterfall({ onOpen, takesKeys = false }: { onOpen: () => void; takesKeys?: boolean }) {
  const store = useTraceStore();
  const revision = useTrace((view) => view.revision);
  const root = useTrace((view) => view.root);
  const run = useTrace((view) => view.run);
  const collapsed = useTrace((view) => view.collapsed);
  const filter = useTrace((view) => view.filter);
  const chosen = useTrace((view) => view.window);
  const selected = useTrace((view) => view.selected);
  const cursorUs = useTrace((view) => view.cursorUs);
  const rows = useMemo(() => flatten(root, collapsed, filter), [root, collapsed, filter]);
  const scroller = useRef<HTMLDivElement>(null);
  const { lane, width } = useLane();
  const isLive = !isTerminal(run.status) && run.startedUs > 0;
  const now = useNow(isLive, 100) * 1_000;
  const nowUs = isLive ? Math.max(now, run.lastUs) : (run.endedUs ?? run.lastUs);
  const bounds = fitWindow(run.startedUs, nowUs);
  const window = chosen ?? bounds;
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_HEIGHT, overscan: 12 });
  const at = rows.findIndex((row) => row.path === selected);
  const [followed, setFollowed] = useState("");

  useEffect(() => {
    if (at >= 0 && followed !== selected) {
      virtual.scrollToIndex(at, { align: "auto" });
      setFollowed(selected);
    }
  }, [at, selected, followed, virtual]);

  useEffect(() => {
    if (!takesKeys) return;
    const begin = (event: globalThis.KeyboardEvent) => {
      if ((event.key === "j" || event.key === "k") && event.target === document.body) scroller.current?.focus({ preventScroll: true });
    };
    document.addEventListener("keydown", begin);
    return () => document.removeEventListener("keydown", begin);
  }, [takesKeys]);

  const setWindow = (next: Window | null) => store.setState({ window: next });
  useWheelZoom(scroller, lane, width, (factor, anchor, panUs) => {
    const base = store.getState().window ?? bounds;
    setWindow(factor === 1 ? panWindow(base, panUs * (base.toUs - base.fromUs), bounds) : zoomWindow(base, factor, anchor, bounds));
  });

  const toggle = (path: string, wanted?: boolean) => {
    const next = new Set(collapsed);
    const fold = wanted ?? !next.has(path);
    if (fold) next.add(path);
    else next.delete(path);
    store.setState({ collapsed: next });
  };
  const select = (path: string) => store.setState({ selected: path });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const current = rows[at];
    const go = (index: number) => {
      const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
      if (row) select(row.path);
    };
    const keys: Record<string, () => void> = {
      j: () => go(at + 1),
      ArrowDown: () => go(at + 1),
      k: () => go(at - 1),
      ArrowUp: () => go(at - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      ArrowRight: () => current && toggle(current.path, false),
      ArrowLeft: () => (current && current.children.length > 0 && !collapsed.has(current.path) ? toggle(current.path, true) : current?.parent && select(current.parent.path)),
      Enter: onOpen,
      f: () => setWindow(null),
    };
    const run = keys[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  };

  return (
    <div className="waterfall" data-revision={revision} data-last-seq={run.lastSeq} data-events={store.getState().events.length}>
      <WaterfallBar bounds={bounds} window={window} onWindow={setWindow} shown={rows.length} total={store.getState().index.size} />
      <TimeAxis lane={lane} width={width} window={window} originUs={run.startedUs} endUs={nowUs} />
      <div
        ref={scroller}
        className="waterfall-rows"
        role="tree"
        aria-label="Spans"
        tabIndex={0}
        aria-activedescendant={at >= 0 ? `span-${at}` : undefined}
        onKeyDown={onKeyDown}
      >
        <div className="waterfall-sheet" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const span = rows[item.index];
            return span ? (
              <WaterfallRow
                key={span.path}
                id={`span-${item.index}`}
                span={span}
                top={item.start}
                width={width}
                window={window}
                nowUs={nowUs}
                cursorUs={cursorUs}
                isLive={isLive}
                isSelected={span.path === selected}
                isCollapsed={collapsed.has(span.path)}
                onSelect={(path) => {
                  select(path);
                  onOpen();
                }}
                onToggle={toggle}
                onFit={() => setWindow(fitWindow(span.startUs, span.endUs ?? nowUs))}
              />
            ) : null;
          })}
        </div>
      </div>
    </div>
  );
}

/** Ctrl and the wheel zoom around the pointer; Shift and the wheel move along. */
function useWheelZoom(
  scroller: React.RefObject<HTMLDivElement | null>,
  lane: React.RefObject<HTMLDivElement | null>,
  width: number,
  onZoom: (factor: number, anchor: number, pan: number) => void,
): void {
  const zoom = useRef(onZoom);
  useEffect(() => {
    zoom.current = onZoom;
  });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const turn = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
      event.preventDefault();
      const left = lane.current?.getBoundingClientRect().left ?? 0;
      const anchor = Math.min(Math.max((event.clientX - left) / Math.max(width, 1), 0), 1);
      if (event.shiftKey) zoom.current(1, anchor, (event.deltaY || event.deltaX) / Math.max(width, 1));
      else zoom.current(Math.exp(event.deltaY * 0.0022), anchor, 0);
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  }, [scroller, lane, width]);
}
