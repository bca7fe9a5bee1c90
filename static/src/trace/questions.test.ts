import { expect, it } from "vitest";
import { nextQuestion, openQuestions } from "./questions";
import { emptyState, type EffectState } from "./state";
import { continued } from "./store";

const asked = (path: string, status: EffectState["status"], kind = "human") => ({ path, kind, status }) as EffectState;

it("finds what waits for people, in the order in which it was asked", () => {
  const run = emptyState();
  for (const effect of [asked("b", "waiting"), asked("t", "waiting", "timer"), asked("c", "succeeded"), asked("a", "waiting")]) run.effects.set(effect.path, effect);
  expect(openQuestions(run).map((effect) => effect.path)).toEqual(["b", "a"]);
});

it("goes on to the next question, and after the last to the first", () => {
  const questions = [asked("a", "waiting"), asked("b", "waiting")];
  expect(nextQuestion(questions, "a")?.path).toBe("b");
  expect(nextQuestion(questions, "b")?.path).toBe("a");
  expect(nextQuestion(questions, "elsewhere")?.path).toBe("a");
  expect(nextQuestion([asked("a", "waiting")], "a")).toBeUndefined();
});

it("forgets what was streamed before a call began again", () => {
  expect(continued("Hel", "lo")).toBe("Hello");
  expect(continued("Hello", "\fHi")).toBe("Hi");
  expect(continued("Hel", "lo\fGood \fDear")).toBe("Dear");
});
