import { expect, test } from "vitest";
import type { RunEvent } from "../../contract";
import { fold } from "../applyEvent";
import { golden } from "../golden";
import { baseOf, messagesTo, onTheWay, worksIn } from "./works";

const log = (name: string) => golden(name).present ?? golden(name).events;
const upTo = (name: string, seq: number) => fold(log(name).filter((event) => event.seq <= seq));
const only = (name: string) => {
  const works = worksIn(fold(log(name)), "help#1");
  expect(works).toHaveLength(1);
  return works[0] as (typeof works)[number];
};

test("notes of all parts of a piece of work belong to it", () => {
  for (const path of ["help#1/note.1", "help#1/review.1/note.1", "help#1/step.2/turn.1.call.0/note.1", "help#1/depth.2/from.1/note.3"]) expect(baseOf(path)).toBe("help#1");
  expect(baseOf("help#1~2/fallback/step.1/note.1")).toBe("help#1~2/fallback");
  expect(baseOf("each#1/item.0/help#1/note.1")).toBe("each#1/item.0/help#1");
});

test("a plan shows what is done, and each change with why and who made it", () => {
  const { plan } = only("planned_and_told");
  expect(plan?.steps).toEqual([{ text: "look twice", isDone: true }]);
  expect(plan?.revisions.map(({ number, by, why, steps }) => [number, by, why, steps])).toEqual([
    [1, "", "", ["look", "ask"]],
    [2, "ann", "Changed by a person", ["look twice", "ask"]],
    [3, "", "enough", ["look twice"]],
  ]);
});

test("a plan under way has steps to do", () => {
  const plan = worksIn(upTo("planned_and_told", 18), "help#1")[0]?.plan;
  expect(plan?.steps.map((step) => step.isDone)).toEqual([true, false]);
  expect(plan?.revisions).toHaveLength(2);
});

test("a thought stands beside what was done with it", () => {
  const { thoughts, corrections } = only("thought_aloud");
  expect(thoughts.map(({ note, actions }) => [note.text, actions.map((action) => action.name)])).toEqual([["I do not know yet.", ["note"]]]);
  expect(corrections.map(({ what, left }) => [what, left])).toEqual([["bad_arguments", 1]]);
  expect(worksIn(upTo("thought_aloud", 11), "help#1")[0]?.thoughts[0]?.actions).toEqual([]);
});

test("reflections come by round", () => {
  expect(only("reflected").rounds.map(({ round, score, good }) => [round, score, good])).toEqual([[1, 0.2, false], [2, 0.9, true]]);
});

test("nothing is said of steps that noted nothing", () => {
  expect(worksIn(fold(log("planned_and_told")), "start#1")).toEqual([]);
  expect(worksIn(fold(log("tool_round")), "")).toEqual([]);
});

test("what was said is read before a call, is not read yet, or came too late", () => {
  const heard = (events: readonly RunEvent[]) => messagesTo(fold(events), "help#1").map(({ told, heard: state, before }) => [told.text, told.by, state, before]);
  const events = log("planned_and_told");
  expect(heard(events)).toEqual([["Mind the price.", "ann", "read", "help#1/step.1/model.1"]]);
  const before = events.filter((event) => event.seq <= 11);
  expect(heard(before)).toEqual([["Mind the price.", "ann", "unread", ""]]);
  const unread = events.filter((event) => event.type !== "agent_heard");
  expect(heard(unread)).toEqual([["Mind the price.", "ann", "late", ""]]);
  expect(messagesTo(fold(events), "nowhere#1")).toEqual([]);
});

test("what was sent is on the way until the log has it, each message once", () => {
  const messages = messagesTo(fold(log("planned_and_told")), "help#1");
  const sent = [{ text: "Mind the price.", afterSeq: 10 }, { text: "Mind the price.", afterSeq: 10 }, { text: "Hurry", afterSeq: 10 }];
  expect(onTheWay(sent, messages).map((one) => one.text)).toEqual(["Mind the price.", "Hurry"]);
  expect(onTheWay([{ text: "Mind the price.", afterSeq: 11 }], messages)).toHaveLength(1);
});
