/** What a run asks of people and nobody has answered. */
import type { EffectState, RunState } from "./state";

export function openQuestions(run: RunState): EffectState[] {
  return [...run.effects.values()].filter((effect) => effect.kind === "human" && effect.status === "waiting");
}

/** The question after `path`, in the order in which they were asked; the first one again after the last. */
export function nextQuestion(questions: readonly EffectState[], path: string): EffectState | undefined {
  const others = questions.filter((one) => one.path !== path);
  const at = questions.findIndex((one) => one.path === path);
  return (at >= 0 ? questions[at + 1] : undefined) ?? others[0];
}
