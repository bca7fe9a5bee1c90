/** Lists of the server, which come page by page. */
import type { Client } from "./client";

const PAGE = 200;

interface Page {
  next: string | null;
}

/** Every row of the list at `path`; `name` is what its rows are called. */
export async function fetchList<T>(client: Client, path: string, name: string): Promise<T[]> {
  const rows: T[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: Page & Record<string, unknown> = await client.get(`${path}?limit=${PAGE}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
    rows.push(...(page[name] as T[]));
    cursor = page.next;
  }
  return rows;
}
