import { useState } from "react";
import { StatusBadge, Tabs, type TabSpec } from "../../controls";
import { formatDuration } from "../../figures";
import { sortTitle } from "../spans";
import { useTrace } from "../store";
import { EffectTabs } from "./effectTabs";
import { Overview } from "./Overview";
import { RawEvents } from "./RawEvents";
import { RunTabs } from "./runTabs";
import { SayToAgent } from "./planning/SayToAgent";
import { StepTabs } from "./stepTabs";
import { SpanIcon } from "./spanIcon";

const SHOWS_ITSELF: ReadonlySet<string> = new Set(["human", "recall", "remember", "start_run", "run"]);

/** Everything known of the selected span. */
export function DetailPanel() {
  useTrace((view) => view.revision);
  const span = useTrace((view) => view.index.get(view.selected) ?? view.root);
  const run = useTrace((view) => view.run);
  const [chosen, setChosen] = useState({ path: "", tab: "" });
  const effect = run.effects.get(span.path);
  const own: TabSpec[] = effect ? EffectTabs(effect) : span.sort === "run" ? RunTabs(run) : StepTabs(run, span);
  const tabs: TabSpec[] = [
    { id: "overview", title: "Overview", content: () => <Overview span={span} /> },
    ...own,
    { id: "raw", title: "Raw", content: () => <RawEvents path={span.path} /> },
  ];
  // A question shows itself before and after it is answered, as do memories and other runs, until somebody chooses to see something else.
  const first = effect && SHOWS_ITSELF.has(effect.kind) ? (own[0]?.id ?? "overview") : "overview";
  const isMeant = chosen.path === span.path || (first === "overview" && chosen.tab !== "");
  const current = isMeant && tabs.some((tab) => tab.id === chosen.tab) ? chosen.tab : first;
  return (
    <div className="detail">
      <header className="detail-head">
        <SpanIcon sort={span.sort} />
        <div className="detail-names">
          <h2>{span.name}</h2>
          <span className="muted">
            {sortTitle(span.sort)}
            {span.detail ? ` · ${span.detail}` : ""}
            {span.endUs === null ? "" : ` · ${formatDuration(span.endUs - span.startUs)}`}
          </span>
        </div>
        <StatusBadge status={span.status} />
      </header>
      <Tabs key={span.path} label="Detail" tabs={tabs} current={current} onChange={(tab) => setChosen({ path: span.path, tab })} />
      <SayToAgent span={span} isListed={current === "planning"} />
    </div>
  );
}
