import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Problem } from "../contract";
import { ProblemMark } from "./ProblemMark";
import { indexProblems, severityOf } from "./problems";

const problem = (patch: Partial<Problem>): Problem => ({ code: "c", message: "It is wrong", cure: "", severity: "error", node: null, edge: null, agent: null, field: null, ...patch });

test("a node and an edge of the same id have their own problems; what concerns both is told at both", () => {
  const [ofNode, ofEdge, ofBoth] = [problem({ node: "a" }), problem({ edge: "a" }), problem({ node: "a", edge: "b" })];
  const { nodes, edges } = indexProblems([ofNode, ofEdge, ofBoth, problem({ agent: "a" })]);
  expect(nodes).toEqual(new Map([["a", [ofNode, ofBoth]]]));
  expect(edges).toEqual(new Map([["a", [ofEdge]], ["b", [ofBoth]]]));
});

test("one error among warnings makes an error", () => {
  const warning = problem({ severity: "warning" });
  expect([severityOf([]), severityOf([warning]), severityOf([warning, problem({})])]).toEqual([null, "warning", "error"]);
});

test("a mark that can be pressed is named by what is wrong, and its form tells errors from warnings", () => {
  const text = 'A "quoted" <problem>';
  const [error, warning] = (["error", "warning"] as const).map((severity) => renderToStaticMarkup(<ProblemMark problems={[problem({ message: text, severity })]} onSelect={() => undefined} />));
  expect(error).toContain('aria-label="A &quot;quoted&quot; &lt;problem&gt;"');
  expect(/<svg.*<\/svg>/.exec(error ?? "")?.[0]).not.toBe(/<svg.*<\/svg>/.exec(warning ?? "")?.[0]);
  expect(renderToStaticMarkup(<ProblemMark problems={[]} />)).toBe("");
});
