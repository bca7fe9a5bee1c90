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

const saved = (revision: number) => ({ revision, problems: [], saved_at: "" });
const offline = new ApiError(0, "offline", "The server cannot be reached.", "", null);

/** A server that keeps revisions as ours does, and whose answers can get lost. */
function server() {
  let kept = { revision: 7, document: record.document };
  const lose = { next: false };
  const send = vi.fn((_method: string, _path: string, body: unknown) => {
    const { document, revision } = body as typeof kept;
    if (revision !== kept.revision) return Promise.reject(new ApiError(409, "stale_revision", "Somebody saved before you.", "", { ...kept, updated_by: "somebody", updated_at: "" }));
    kept = { revision: revision + 1, document: JSON.parse(JSON.stringify(document)) as typeof document };
    return lose.next ? ((lose.next = false), Promise.reject(offline)) : Promise.resolve(saved(kept.revision));
  });
  return { send: send as unknown as Client["send"], calls: send.mock.calls, lose, kept: () => kept };
}

test("undone before it was saved, there is nothing to save and nothing to bring back", async () => {
  const send = vi.fn();
  const { store, rename, storage } = open(send);
  rename("typed");
  store.undo();
  expect(store.getState().save.state).toBe("saved");
  await vi.advanceTimersByTimeAsync(9_000);
  expect([send.mock.calls.length, readCopy(storage, "demo", "g")]).toEqual([0, null]);
});

test("however many ask for a save while one is under way, none of them is in conflict with another", async () => {
  const { send, kept, calls } = server();
  let let_go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (let_go = resolve));
  const { store, saver, rename } = open((async (...all: Parameters<Client["send"]>) => {
    await gate;
    return send(...all);
  }) as Client["send"]);
  rename("a");
  const asked = [saver.flush()];
  rename("b");
  asked.push(saver.flush(), saver.flush(), saver.flush());
  let_go();
  expect(await Promise.all(asked)).toEqual([true, true, true, true]);
  expect([calls.length, kept().document.title, store.getState().save.state]).toEqual([2, "b", "saved"]);
});

test("a save whose answer got lost is no other person's, however much was written since", async () => {
  const { send, lose, kept } = server();
  const { store, rename } = open(send);
  lose.next = true;
  rename("arrived");
  await vi.advanceTimersByTimeAsync(900);
  expect([store.getState().save.state, kept().document.title]).toEqual(["failed", "arrived"]);
  rename("more");
  await vi.advanceTimersByTimeAsync(9_000);
  expect([store.getState().save.state, kept()]).toEqual(["saved", { revision: 9, document: expect.objectContaining({ title: "more" }) as unknown }]);
});

test("what was undone after its save got lost is undone on the server too", async () => {
  const { send, lose, kept } = server();
  const { store, rename } = open(send);
  lose.next = true;
  rename("arrived");
  await vi.advanceTimersByTimeAsync(900);
  store.undo();
  expect(store.getState().save.state).toBe("unsaved");
  await vi.advanceTimersByTimeAsync(9_000);
  expect([store.getState().save.state, kept().document.title]).toEqual(["saved", "G"]);
});

test("a lost answer does not hide that somebody else saved", async () => {
  const send = vi.fn().mockRejectedValueOnce(offline).mockRejectedValue(stale);
  const { store, rename } = open(send);
  rename("mine");
  await vi.advanceTimersByTimeAsync(9_000);
  expect(store.getState().save.state).toBe("conflict");
});

test.each([null, "text", {}, { revision: "9" }])("a conflict that does not say with what is a failure, no dialog about nothing: %j", async (details) => {
  const send = vi.fn().mockRejectedValue(new ApiError(409, "conflict", "Not now.", "", details));
  const { store, rename } = open(send);
  rename("mine");
  await vi.advanceTimersByTimeAsync(900);
  expect(store.getState().save).toEqual({ state: "failed", message: "Not now." });
});

test("a server that asks for time gets it", async () => {
  const send = vi.fn().mockRejectedValueOnce(new ApiError(429, "too_often", "Too often.", "", null, 30)).mockResolvedValue(saved(8));
  const { store, rename } = open(send);
  rename("x");
  await vi.advanceTimersByTimeAsync(25_000);
  expect(send).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(7_000);
  expect(store.getState().save.state).toBe("saved");
});

test("what the server refuses is not sent again until it is changed", async () => {
  const send = vi.fn().mockRejectedValueOnce(new ApiError(413, "too_large", "Too large.", "", null)).mockResolvedValue(saved(8));
  const { store, rename } = open(send);
  rename("x".repeat(1_000_000));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([send.mock.calls.length, store.getState().save.state]).toEqual([1, "failed"]);
  rename("x");
  await vi.advanceTimersByTimeAsync(900);
  expect(store.getState().save.state).toBe("saved");
});
