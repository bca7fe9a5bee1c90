import type { Json, KeptMemory, MemoryQuery, NewMemory, RecalledMemory } from "../../contract";
import { JsonView, type TabSpec } from "../../controls";
import { formatCount, formatExact, formatRelative, plural } from "../../figures";
import { isSchema } from "../../forms";
import { isWithin } from "../path";
import type { EffectState, RunState } from "../state";
import { isInParts } from "../wholeValue";
import { Facts, Fact } from "./Facts";
import { Summaries } from "./Summaries";
import { PathLink } from "./planning/PathLink";
import { ValueBar } from "./planning/ValueBar";

/** What an agent was reminded of: which memories, how well each fits, and where it is from. */
export function recallTabs(effect: EffectState): TabSpec[] {
  return [
    { id: "recalled", title: titleOf(effect), content: () => <Recalled effect={effect} /> },
    { id: "asked", title: "Asked", content: () => <Asked effect={effect} /> },
  ];
}

/** What an agent kept for later. */
export function rememberTabs(effect: EffectState): TabSpec[] {
  return [{ id: "kept", title: "Kept", content: () => <Kept effect={effect} /> }];
}

/** All that the agents of a step were reminded of, kept, and were sent in fewer words. */
export function memoryOf(run: RunState, path: string): TabSpec[] {
  const effects = [...run.effects.values()].filter((effect) => (effect.kind === "recall" || effect.kind === "remember") && isWithin(effect.path, path));
  const summaries = run.notes.filter((note) => note.type === "summarised").filter((note) => isWithin(note.path, path));
  if (effects.length + summaries.length === 0) return [];
  const content = () => (
    <div className="stack memory-tab">
      {effects.map((effect) => (
        <section className="stack" key={effect.path} aria-label={effect.kind === "recall" ? "Recalled" : "Kept"}>
          <h3>
            {effect.kind === "recall" ? `${titleOf(effect)} from ${effect.name}` : `Kept in ${effect.name}`} <PathLink path={effect.path}>See the call</PathLink>
          </h3>
          {effect.kind === "recall" ? <Recalled effect={effect} /> : <Kept effect={effect} />}
        </section>
      ))}
      <Summaries of={summaries} run={run} />
    </div>
  );
  return [{ id: "memory", title: "Memory", content }];
}

function titleOf(effect: EffectState): string {
  return Array.isArray(effect.result) ? `Recalled ${formatCount(effect.result.length)}` : "Recalled";
}

/** Defaults are left out of the log. */
function queryOf(effect: EffectState): Partial<MemoryQuery> {
  return isSchema(effect.request) ? (effect.request as unknown as Partial<MemoryQuery>) : {};
}

const CHOSEN: Readonly<Record<string, string>> = {
  similarity: "likeness to the question",
  recency: "likeness, newer ones first",
  mmr: "likeness, and unlike each other",
};

function Recalled({ effect }: { effect: EffectState }) {
  const { space = effect.name, text = "" } = queryOf(effect);
  if (effect.status === "running") return <p className="muted" role="status">Looking…</p>;
  if (effect.status !== "succeeded") return <p className="muted">Nothing came back. The agent went on without.</p>;
  if (!Array.isArray(effect.result)) return <JsonView value={effect.result} label="what was recalled" />;
  if (effect.result.length === 0) {
    return (
      <p className="muted">
        Nothing in <SpaceLink space={space} /> fits{text ? "" : " the question"} well enough. The agent was told nothing.
      </p>
    );
  }
  return (
    <div className="stack">
      <p className="muted">
        From <SpaceLink space={space} />, best first. The agent was told them as quoted data.
      </p>
      <ol className="memories">
        {effect.result.map((memory, index) => (isInParts(memory) ? <li key={index}><JsonView value={memory} label={`memory ${index + 1}`} /></li> : <Memory key={index} memory={memory as unknown as RecalledMemory} atUs={effect.endedUs ?? effect.startedUs} />))}
      </ol>
    </div>
  );
}

function Memory({ memory, atUs }: { memory: Partial<RecalledMemory>; atUs: number }) {
  const { id = "", text = "", score = 0, similarity = 0, kept_us = 0, source = {} } = memory;
  const { run = "", path = "", agent = "", graph = "", person = "" } = source as Partial<RecalledMemory["source"]>;
  return (
    <li className="memory" data-memory={id}>
      <div className="memory-figures">
        <span title="What it was chosen by, from 0 to 1">
          <span className="muted">Score </span>
          <ValueBar value={score} />
        </span>
        <span className="muted numeric" title="How like the question it is, from 0 to 1">similarity {similarity.toFixed(2)}</span>
      </div>
      <p className="prose">{text}</p>
      <p className="field-hint">
        {agent || "Somebody"}
        {graph ? ` in ${graph}` : ""}
        {kept_us > 0 ? <>, kept <time title={formatExact(kept_us / 1_000)}>{formatRelative(kept_us / 1_000, atUs / 1_000)}</time></> : null}
        {person ? ` · for ${person}` : ""}
        {run ? <> · <a href={`/runs/${encodeURIComponent(run)}/${path ? `#span=${encodeURIComponent(path)}` : ""}`}>The run it came from</a></> : null}
        {/^\d+$/.test(id) ? <> · <a href={`/memory/${id}/`}>The memory</a></> : null}
      </p>
    </li>
  );
}

function Asked({ effect }: { effect: EffectState }) {
  const { space = effect.name, kind = "note", text = "", embedding = "", retrieval } = queryOf(effect);
  const rules: Partial<MemoryQuery["retrieval"]> = retrieval ?? {};
  const strategy = rules.strategy ?? "similarity";
  return (
    <div className="stack">
      <section className="stack">
        <h3>The question</h3>
        {typeof text === "string" ? <p className="prose prose-card">{text}</p> : <JsonView value={text as Json} label="question" />}
      </section>
      <Facts>
        <Fact term="In"><SpaceLink space={space} /> · {kind === "episode" ? "how work went" : "notes"}</Fact>
        <Fact term="Chosen by">{CHOSEN[strategy] ?? strategy}</Fact>
        <Fact term="At most">{plural(rules.k ?? 5, "memory", "memories")}, scored {rules.min_score ?? 0.1} or more</Fact>
        {strategy === "recency" ? <Fact term="Half-life">{plural(rules.half_life_days ?? 30, "day")}</Fact> : null}
        {strategy === "mmr" ? <Fact term="Diversity">{rules.diversity ?? 0.3}</Fact> : null}
        <Fact term="Compared by"><span className="mono">{embedding}</span></Fact>
      </Facts>
    </div>
  );
}

function Kept({ effect }: { effect: EffectState }) {
  const asked: Partial<NewMemory> = isSchema(effect.request) ? (effect.request as unknown as Partial<NewMemory>) : {};
  const { space = effect.name, kind = "note", text = "", sensitive = [], retention, embedding = "" } = asked;
  const done: Partial<KeptMemory> = isSchema(effect.result) ? (effect.result as unknown as Partial<KeptMemory>) : {};
  const { id = "", forgotten = 0 } = done;
  return (
    <div className="stack">
      {sensitive.length > 0 ? (
        <p className="notice" data-tone="warn">It looks as if it held: {sensitive.join(", ")}. It was let pass.</p>
      ) : null}
      {typeof text === "string" ? <p className="prose prose-card">{text}</p> : <JsonView value={text as Json} label="memory" />}
      <Facts>
        <Fact term="In"><SpaceLink space={space} /> · {kind === "episode" ? "how work went" : "notes"}</Fact>
        <Fact term="Memory">
          {effect.status !== "succeeded" ? (effect.status === "running" ? "Being kept" : "Not kept") : /^\d+$/.test(id) ? <a href={`/memory/${id}/`}>{id}</a> : <span className="mono">{id}</span>}
        </Fact>
        <Fact term="Stays">{retention?.max_age_days ? `for ${plural(retention.max_age_days, "day")}` : "for ever"}{retention?.max_count ? `, among the last ${formatCount(retention.max_count)}` : ""}</Fact>
        <Fact term="Forgotten for it">{forgotten > 0 ? plural(forgotten, "older memory", "older memories") : "None"}</Fact>
        <Fact term="Compared by"><span className="mono">{embedding}</span></Fact>
      </Facts>
    </div>
  );
}

function SpaceLink({ space }: { space: string }) {
  return <a href={`/memory/?space=${encodeURIComponent(space)}`}>{space}</a>;
}
