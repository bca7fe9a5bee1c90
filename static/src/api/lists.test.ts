import { expect, test, vi } from "vitest";
import type { Client } from "./client";
import { fetchList } from "./lists";

test("every page is read, each from the cursor of the one before", async () => {
  const get = vi.fn().mockResolvedValueOnce({ tools: [1, 2], next: "a=&b" }).mockResolvedValueOnce({ tools: [3], next: null });
  expect(await fetchList<number>({ get } as unknown as Client, "tools", "tools")).toEqual([1, 2, 3]);
  expect(get.mock.calls).toEqual([["tools?limit=200"], ["tools?limit=200&cursor=a%3D%26b"]]);
});
