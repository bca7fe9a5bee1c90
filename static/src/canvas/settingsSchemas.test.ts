import { expect, test } from "vitest";
import type { NodeKindSchema } from "../contract";
import { nodeSettings } from "./settingsSchemas";

function kind(...ports: { name: string; inner?: boolean }[]): NodeKindSchema {
  const outputs = ports.map(({ name, inner = false }) => ({ name, title: name, type: "any", many: false, inner, modality: null }));
  return { outputs } as unknown as NodeKindSchema;
}

const offered = (of: NodeKindSchema | undefined) => Object.keys(nodeSettings(of).properties as object);

test("a default is offered where it can stand for the main output, and nowhere else", () => {
  expect(offered(kind({ name: "out" }))).toContain("default_output");
  for (const of of [undefined, kind(), kind({ name: "expired" }), kind({ name: "out", inner: true })]) {
    expect(offered(of)).not.toContain("default_output");
    expect((nodeSettings(of).properties as { on_error: { enum: string[] } }).on_error.enum).toEqual(["fail", "port"]);
  }
});
