import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, createClient } from "./client";
import { waitOf } from "./failures";

const client = createClient("/api/v1");
const fetched = vi.fn<typeof fetch>();

beforeEach(() => {
  vi.stubGlobal("fetch", fetched);
  vi.stubGlobal("document", { cookie: "a=1; csrftoken=tok; b=2" });
});
afterEach(() => {
  vi.unstubAllGlobals();
  fetched.mockReset();
});

const answer = (status: number, text: string, headers: Record<string, string> = { "content-type": "application/json" }) => fetched.mockResolvedValueOnce(new Response(text, { status, headers }));
const failure = async (): Promise<ApiError> => {
  const error: unknown = await client.get("x").catch((thrown: unknown) => thrown);
  if (error instanceof ApiError) return error;
  throw new Error(`No ApiError but ${String(error)}`);
};

test("what the server says of a failure is passed on whole", async () => {
  answer(409, JSON.stringify({ code: "stale_revision", detail: "Casey saved before you.", cure: "Choose.", details: { revision: 9 } }), { "content-type": "application/problem+json" });
  expect(await failure()).toMatchObject({ status: 409, code: "stale_revision", message: "Casey saved before you.", cure: "Choose.", details: { revision: 9 }, waitS: null });
});

test.each([401, 403, 404, 409, 413, 429, 500, 502, 503, 504])("%i without a word of the server still says what is wrong and what to do", async (status) => {
  answer(status, "<h1>Bad Gateway</h1>", { "content-type": "text/html" });
  const { message, cure, code } = await failure();
  expect([message, cure].join(" ")).not.toMatch(/<|undefined|null|object/);
  expect([message.length > 10, cure.length > 10, code]).toEqual([true, true, `http_${status}`]);
});

test("a server that asks to be left alone is left alone for that long, and a person is told", async () => {
  answer(503, "", { "retry-after": "7" });
  expect(await failure()).toMatchObject({ status: 503, waitS: 7, cure: "Try again in 7 seconds." });
  answer(503, JSON.stringify({ detail: "The database does not answer.", cure: "Wait." }), { "retry-after": "1", "content-type": "application/json" });
  expect(await failure()).toMatchObject({ waitS: 1, message: "The database does not answer.", cure: "Wait." });
});

test("what a server writes as the time to wait is never taken for more than it can mean", () => {
  const now = Date.UTC(2026, 0, 1);
  const waits = ["0", "5", " 5 ", "99999999999999999999", "-5", "-1.5", "NaN", "", "soon", "Thu, 01 Jan 2026 00:00:30 GMT", "Wed, 31 Dec 2025 23:00:00 GMT"].map((header) => waitOf(header, now));
  expect(waits).toEqual([0, 5, 5, 3_600, null, null, null, null, null, 30, 0]);
  expect(waitOf(null, now)).toBeNull();
});

test.each([
  ["no JSON at all", 500, "{broken"],
  ["no JSON although it went well", 200, "{broken"],
  ["a list", 400, "[]"],
  ["a text", 400, '"no"'],
  ["nothing", 400, "null"],
  ["words that are none", 400, '{"code": 7, "detail": {"a": 1}, "cure": [], "details": null}'],
  ["empty words", 400, '{"detail": "", "cure": ""}'],
])("an answer that is %s is a failure with words", async (_, status, text) => {
  answer(status, text);
  const { message, cure } = await failure();
  expect(message).toMatch(/^The server /);
  expect(cure).not.toBe("");
});

test("a page in the place of data, as a sign-in after a redirect, is a failure", async () => {
  answer(200, "<html>Sign in</html>", { "content-type": "text/html" });
  expect((await failure()).message).toBe("The server gave an answer that is not understood.");
});

test("a network that is gone, before the answer or in the middle of it, says so", async () => {
  fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  expect(await failure()).toMatchObject({ status: 0, code: "offline" });
  const broken = new Response(new ReadableStream({ pull: (stream) => stream.error(new TypeError("network error")) }), { headers: { "content-type": "application/json" } });
  fetched.mockResolvedValueOnce(broken);
  expect(await failure()).toMatchObject({ status: 0, code: "offline" });
});

test("what went well comes back, also when it is nothing", async () => {
  answer(200, '{"a": "\u{1F600}"}');
  expect(await client.get("x")).toEqual({ a: "\u{1F600}" });
  fetched.mockResolvedValueOnce(new Response(null, { status: 204 }));
  expect(await client.send("DELETE", "x")).toBeUndefined();
  expect(new Headers(fetched.mock.calls[1]?.[1]?.headers).get("x-csrftoken")).toBe("tok");
});
