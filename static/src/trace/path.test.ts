import { expect, test } from "vitest";
import { activationKey, ancestors, isWithin, parentPath } from "./path";

test("a path lies in all that precedes it, from the inside out", () => {
  expect(ancestors("map#1/item.3/classify#1~2/model.2")).toEqual(["map#1/item.3/classify#1~2", "map#1/item.3", "map#1"]);
  expect(ancestors("start#1")).toEqual([]);
  expect(parentPath("start#1")).toBe("");
});

test("item 10 is not within item 1, though its name begins alike", () => {
  expect(isWithin("map#1/item.1/ask#1", "map#1/item.1")).toBe(true);
  expect(isWithin("map#1/item.1", "map#1/item.1")).toBe(true);
  expect(isWithin("map#1/item.10/ask#1", "map#1/item.1")).toBe(false);
  expect(isWithin("anything", "")).toBe(true);
});

test("activations in a scope carry its name", () => {
  expect([activationKey("", "a", 2), activationKey("map#1/item.0", "a", 1)]).toEqual(["a#2", "map#1/item.0/a#1"]);
});
