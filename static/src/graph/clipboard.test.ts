import { expect, test } from "vitest";
import { copyNodes, paste, readClip, writeClip } from "./clipboard";
import { sampleGraph } from "./samples";

test.each([
  "", "plain words", "{", "null", "7", '"baton"', "[]", "{}", '{"baton":null}', '{"baton":true}', '{"baton":{}}', '{"baton":{"nodes":{}}}',
  '{"baton":{"nodes":[null]}}', '{"baton":{"nodes":[{}]}}', '{"baton":{"nodes":[{"id":1,"kind":"step"}]}}', '{"baton":{"nodes":[{"id":"a","kind":"step"}],"edges":7}}',
])("pasted text that is no part of a graph is no clip: %s", (text) => {
  expect(readClip(text)).toBeNull();
});

test("what was copied comes back as it was", () => {
  const clip = copyNodes(sampleGraph, ["each"]);
  expect(readClip(writeClip(clip))).toEqual(clip);
});

test("a clip of an earlier build, or written by hand, can be pasted", () => {
  const clip = readClip('{"baton":{"nodes":[{"id":"a","kind":"step"},{"id":"ü 😀","kind":"step"}],"edges":[{"id":"e","source":"a","target":"ü 😀"},{"id":"lost","source":"a","target":"not here"}]}}');
  if (!clip) throw new Error("It is a clip.");
  const pasted = paste(sampleGraph, clip, { x: 1, y: 2 });
  expect(pasted.ids).toHaveLength(2);
  expect(pasted.graph.edges.length).toBe(sampleGraph.edges.length + 1);
  for (const id of pasted.ids) expect(pasted.graph.layout[id]).toMatchObject({ x: 1, y: 2 });
});
