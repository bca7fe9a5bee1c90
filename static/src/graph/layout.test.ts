import { expect, it } from "vitest";
import { completeGraph } from "./document";
import { nodeSize, tidy } from "./layout";
import { sampleKinds } from "./samples";

/** A choice with two ways, whose targets are written in either order. */
const fork = (targets: readonly string[]) =>
  completeGraph({
    title: "Fork",
    nodes: [{ id: "choose", kind: "choice" }, ...targets.map((id) => ({ id, kind: "step" })), { id: "end", kind: "step" }],
    edges: [
      { id: "e1", source: "choose", source_port: "yes", target: "agreed" },
      { id: "e2", source: "choose", source_port: "no", target: "refused" },
      { id: "e3", source: "agreed", target: "end" },
      { id: "e4", source: "refused", target: "end" },
    ],
  });

it.each([[["agreed", "refused"]], [["refused", "agreed"]]])("stands what leaves by the upper port above the rest: %s", (targets) => {
  const layout = tidy(fork(targets), sampleKinds);
  expect(layout.agreed?.y).toBeLessThan(layout.refused?.y ?? 0);
});

it("keeps cards apart that show their run", () => {
  const graph = fork(["agreed", "refused"]);
  const layout = tidy(graph, sampleKinds);
  const upper = graph.nodes.find((node) => node.id === "agreed");
  if (!upper) throw new Error("The fork has no such node.");
  const bottom = (layout.agreed?.y ?? 0) + nodeSize(graph, sampleKinds, upper).height;
  expect((layout.refused?.y ?? 0) - bottom).toBeGreaterThanOrEqual(30);
  expect((layout.agreed?.x ?? 0) - ((layout.choose?.x ?? 0) + nodeSize(graph, sampleKinds, upper).width)).toBeGreaterThanOrEqual(60);
});
