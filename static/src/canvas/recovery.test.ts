import { expect, test } from "vitest";
import { completeGraph } from "../graph";
import { dropCopy, keepCopy, readCopy } from "./recovery";

class Shelf implements Storage {
  private readonly kept = new Map<string, string>();
  constructor(private readonly room = Infinity) {}
  get length() {
    return this.kept.size;
  }
  clear = () => this.kept.clear();
  key = (index: number) => [...this.kept.keys()][index] ?? null;
  getItem = (key: string) => this.kept.get(key) ?? null;
  removeItem = (key: string) => void this.kept.delete(key);
  setItem(key: string, value: string) {
    if (value.length > this.room) throw new DOMException("Full", "QuotaExceededError");
    this.kept.set(key, value);
  }
}

const copy = { document: completeGraph({ title: "Triage" }), revision: 4, at: 1 };

test("a copy comes back to the graph and tenant that it was kept for, and to no other", () => {
  const shelf = new Shelf();
  keepCopy(shelf, "north", "triage", copy);
  expect(readCopy(shelf, "north", "triage")).toEqual(copy);
  expect([readCopy(shelf, "south", "triage"), readCopy(shelf, "north", "other")]).toEqual([null, null]);
  dropCopy(shelf, "north", "triage");
  expect(readCopy(shelf, "north", "triage")).toBeNull();
});

test("where there is no room no older copy is left that would bring back less", () => {
  const shelf = new Shelf(JSON.stringify(copy).length);
  keepCopy(shelf, "north", "triage", copy);
  keepCopy(shelf, "north", "triage", { ...copy, document: { ...copy.document, title: "A much longer title" } });
  expect(readCopy(shelf, "north", "triage")).toBeNull();
});

test.each(["{", "null", "7", "[]", "{}", '"x"', '{"document":null}', '{"document":{}}', '{"document":{"nodes":7}}', '{"document":{"nodes":[null]}}'])("what is no copy is none: %s", (text) => {
  const shelf = new Shelf();
  shelf.setItem("baton:draft:north:triage", text);
  expect(readCopy(shelf, "north", "triage")).toBeNull();
});

test("a copy that an earlier build kept gets what has been added to documents since", () => {
  const shelf = new Shelf();
  shelf.setItem("baton:draft:north:triage", JSON.stringify({ document: { title: "Old", nodes: [{ id: "a", kind: "step" }] }, revision: 1, at: 1 }));
  expect(readCopy(shelf, "north", "triage")?.document).toMatchObject({ agents: {}, edges: [], layout: {}, nodes: [{ id: "a", retry: { attempts: 1 } }] });
});
