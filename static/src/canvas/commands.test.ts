import { expect, test } from "vitest";
import { completeGraph } from "../graph";
import { copySelected, keyName, pasteText, removeSelected, writeKeys } from "./commands";
import { createEditorStore } from "./store";

const press = (key: string, held: Partial<Record<"ctrlKey" | "metaKey" | "shiftKey" | "altKey", boolean>> = {}, code = "") => ({
  key,
  code,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

const open = () =>
  createEditorStore(
    {
      id: "1",
      slug: "g",
      title: "",
      document: completeGraph({ nodes: [{ id: "a", kind: "x" }, { id: "b", kind: "x" }], edges: [{ id: "e", source: "a", target: "b" }], layout: { a: { x: 0, y: 0 }, b: { x: 9, y: 9 } } }),
      revision: 1,
      latest_version: null,
      problems: [],
      updated_at: "",
      updated_by: "",
      may: { edit: true, run: true, publish: true },
    },
    [],
  );

test("keys are named alike on every machine", () => {
  expect(keyName(press("Z", { ctrlKey: true, shiftKey: true }))).toBe("mod+shift+z");
  expect(keyName(press("k", { metaKey: true }))).toBe("mod+k");
  expect(keyName(press("?", { shiftKey: true }))).toBe("?");
  expect(keyName(press("†", { shiftKey: true, altKey: true }, "KeyT"))).toBe("shift+alt+t");
});

test("shortcuts are written for people", () => {
  expect(["mod+shift+z", "+", "shift+p"].map(writeKeys)).toEqual(["Ctrl Shift Z", "+", "Shift P"]);
});

test("copy and paste make a selected twin; undo takes it away with its selection", () => {
  const store = open();
  store.select(["a", "b"]);
  pasteText(store, copySelected(store) ?? "");
  expect(store.getState().graph.nodes.map((node) => node.id)).toEqual(["a", "b", "a_2", "b_2"]);
  expect([...store.getState().nodes]).toEqual(["a_2", "b_2"]);
  store.undo();
  expect(store.getState().graph.nodes).toHaveLength(2);
  expect(store.getState().nodes.size).toBe(0);
});

test("deleting takes selected nodes and edges in one step", () => {
  const store = open();
  store.select(["b"], ["e"]);
  removeSelected(store);
  expect(store.getState().graph.edges).toHaveLength(0);
  store.undo();
  expect(store.getState().graph.edges).toHaveLength(1);
});

test("text that is no clip is left to others", () => {
  expect(pasteText(open(), "hello")).toBe(false);
});
