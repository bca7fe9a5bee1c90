import { Bot, Brain, CircleDot, Hand, Hourglass, Layers, ListTree, Play, Sparkles, Timer, Wrench, type LucideIcon } from "lucide-react";
import { sortTitle, type SpanSort } from "../spans";

const DRAWINGS: Record<SpanSort, LucideIcon> = {
  run: Play,
  step: CircleDot,
  item: Layers,
  part: ListTree,
  model: Sparkles,
  tool: Wrench,
  human: Hand,
  timer: Timer,
  child: Hourglass,
  memory: Brain,
  effect: Bot,
};

export function SpanIcon({ sort }: { sort: SpanSort }) {
  const Drawing = DRAWINGS[sort];
  return (
    <span className="span-icon" data-sort={sort} title={sortTitle(sort)}>
      <Drawing size={13} aria-hidden />
    </span>
  );
}
