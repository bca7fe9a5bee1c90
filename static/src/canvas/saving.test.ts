import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, type Client, type GraphRecord } from "../api";
import { completeGraph, updateGraph } from "../graph";
import { readCopy } from "./recovery";
import { startSaving } from "./saving";
import { createEditorStore } from "./store";

class FakeStorage implements Storage {
  private readonly entries = new Map<string, string>();
  get length() {
    return this.entries.size;
  }
  clear = () => this.entries.clear();
  getItem = (key: string) => this.entries.get(key) ?? null;
  key = () => null;
  removeItem = (key: string) => void this.entries.delete(key);
  setItem = (key: string, value: string) => void this.entries.set(key, value);
}

const record: GraphRecord = {
  id: "1",
  slug: "g",
  title: "G",
  document: completeGraph({ title: "G" }),
  revision: 7,
  latest_version: null,
  problems: [],
  updated_at: "",
  updated_by: "",
  may: { edit: true, run: true, publish: true },
};

function open(send: Client["send"]) {
  const storage = new FakeStorage();
  const store = createEditorStore(record, []);
  const client = { get: vi.fn(), send, url: (path: string) => path } as unknown as Client;
  const saver = startSaving(store, client, "demo", storage);
  const rename = (title: string) => store.edit(updateGraph(store.getState().graph, { title }), "title");
  return { storage, store, saver, rename };
}

const stale = new ApiError(409, "stale_revision", "Casey saved before you.", "", {
  revision: 9,
  document: record.document,
  updated_by: "casey",
  updated_at: "",
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("quick edits are saved once, with the revision they were made on", async () => {
  const send = vi.fn().mockResolvedValue({ revision: 8, problems: [], saved_at: "" });
  const { store, rename, storage } = open(send);
  rename("a");
  rename("ab");
  expect(store.getState().save.state).toBe("unsaved");
  expect(readCopy(storage, "demo", "g")?.document.title).toBe("ab");
  await vi.advanceTimersByTimeAsync(900);
  expect(send).toHaveBeenCalledTimes(1);
  expect(send.mock.calls[0]?.[2]).toMatchObject({ revision: 7, document: { title: "ab" } });
  expect(store.getState()).toMatchObject({ revision: 8, save: { state: "saved" } });
  expect(readCopy(storage, "demo", "g")).toBeNull();
});

test("somebody else's save stops saving until a person chooses", async () => {
  const send = vi.fn().mockRejectedValueOnce(stale).mockResolvedValue({ revision: 10, problems: [], saved_at: "" });
  const { store, saver, rename } = open(send);
  rename("mine");
  await vi.advanceTimersByTimeAsync(900);
  expect(store.getState().save.state).toBe("conflict");
  rename("mine, more");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(send).toHaveBeenCalledTimes(1);
  await saver.overwrite({ revision: 9, document: record.document, updated_by: "casey", updated_at: "" });
  expect(send.mock.calls[1]?.[2]).toMatchObject({ revision: 9, document: { title: "mine, more" } });
  expect(store.getState().save.state).toBe("saved");
});

test("a lost connection is tried again and the copy is kept", async () => {
  const offline = new ApiError(0, "offline", "The server cannot be reached.", "", null);
  const send = vi.fn().mockRejectedValueOnce(offline).mockResolvedValue({ revision: 8, problems: [], saved_at: "" });
  const { store, rename, storage } = open(send);
  rename("x");
  await vi.advanceTimersByTimeAsync(900);
  expect(store.getState().save.state).toBe("failed");
  expect(readCopy(storage, "demo", "g")).not.toBeNull();
  await vi.advanceTimersByTimeAsync(5_100);
  expect(store.getState().save.state).toBe("saved");
});

test("an edit made while saving is saved after it", async () => {
  let finish: (value: unknown) => void = () => undefined;
  const send = vi.fn().mockImplementationOnce(() => new Promise((resolve) => (finish = resolve))).mockResolvedValue({ revision: 9, problems: [], saved_at: "" });
  const { store, rename } = open(send);
  rename("first");
  await vi.advanceTimersByTimeAsync(900);
  rename("second");
  finish({ revision: 8, problems: [], saved_at: "" });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(send.mock.calls.at(-1)?.[2]).toMatchObject({ revision: 8, document: { title: "second" } });
  expect(store.getState().save.state).toBe("saved");
});

test("undo takes inspector edits back, and the server hears of it", async () => {
  const send = vi.fn().mockResolvedValue({ revision: 8, problems: [], saved_at: "" });
  const { store, rename } = open(send);
  rename("typed");
  await vi.advanceTimersByTimeAsync(900);
  store.undo();
  expect(store.getState().graph.title).toBe("G");
  await vi.advanceTimersByTimeAsync(900);
  expect(send).toHaveBeenCalledTimes(2);
});

test("who may not edit changes nothing", () => {
  const store = createEditorStore({ ...record, may: { edit: false, run: false, publish: false } }, []);
  store.edit(updateGraph(store.getState().graph, { title: "no" }));
  expect(store.getState().graph.title).toBe("G");
});
