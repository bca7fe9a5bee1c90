"""Random graphs in which loops lead into loops, by every way out that a person may draw.

Some leave a loop in its last round only, some in several rounds, some in each. Every node is a tool that
counts, and takes its time: what is one more than its input (the sum of several) leaves it.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from orchestrator.engine.document.graph import Firing, Graph
from tests.graphs import edge, graph, node

Draft = dict[str, Any]

CONDITIONS = ("true", "false", "output % 2 == 0", "output % 2 != 0", "output < 4", "output >= 4", "!(output < 4)")
WAYS = st.one_of(
    st.just({}),
    st.just({"otherwise": True}),
    st.just({"otherwise": True}),
    st.sampled_from(CONDITIONS).map(lambda text: {"condition": text}),
    st.sampled_from(CONDITIONS).map(lambda text: {"condition": text, "max_iterations": 1}),
)
FIRING = st.sampled_from([{}, {}, {"firing": {"rule": "any"}}, {"firing": {"rule": "n_of", "count": 2}}])


@dataclass
class Loops:
    """What has been drawn. Every node stands in `parent`, the graph itself or a map."""

    parent: str | None
    nodes: list[Draft] = field(default_factory=list)
    edges: list[Draft] = field(default_factory=list)

    def add(self, name: str, kind: str = "tool", params: Draft | None = None, **rest: Any) -> str:
        params = {"tool": "count", "arguments": {"n": "{{ input }}"}} if params is None else params
        self.nodes.append(node(name, kind, params, **rest, **({"parent": self.parent} if self.parent else {})))
        return name

    def lead(self, source: str, target: str, **rest: Any) -> None:
        self.edges.append(edge(source, target, **rest))


@dataclass(frozen=True)
class Part:
    """Something that was drawn: where values enter it, and where they may leave it."""

    ins: list[str]
    outs: list[str]


@st.composite
def loops_in_a_row(draw: st.DrawFn, longest: int = 4, orderly: bool = False) -> Graph:
    """Loops and single nodes, each fed by one or two of those before it. Whether such a graph can be run is not said.

    `orderly`: nothing depends on which of two values comes first, though the rounds of the first loop may overlap.
    """
    in_map = draw(st.booleans())
    drawing = Loops("m" if in_map else None)
    parts = [Part([], ["m.item" if in_map else "start"])]
    for index in range(draw(st.integers(1, longest))):
        kinds = PARTS if not orderly else ORDERLY if index else (_with_a_side_branch,)
        part = draw(st.sampled_from(kinds))(draw, drawing, f"p{index}")
        for source in draw(st.lists(st.sampled_from(parts), min_size=1, max_size=2, unique_by=id)):
            out, into = draw(st.sampled_from(source.outs)), draw(st.sampled_from(part.ins))
            drawing.lead(out, into, **({} if source is parts[0] else draw(WAYS)))
        parts.append(part)
    last = "m.result" if in_map else "end"
    for part in parts[1:]:
        drawing.lead(draw(st.sampled_from(part.outs)), last, **draw(WAYS))
    outside = [node("start", "input"), node("end", "output")]
    if in_map:
        outside.append(node("m", "map", {"items": "[1, 2]", "concurrency": 2}))
        drawing.edges += [edge("start", "m"), edge("m", "end")]
    document = graph([*outside, *drawing.nodes], drawing.edges)
    return waiting_for_all(document) if orderly else counted(document)


def counted(document: Graph) -> Graph:
    """The document with no node that waits for more values than edges arrive."""
    arriving = [line.target for line in document.edges]
    counts = {entry.id: min(entry.firing.count, max(arriving.count(entry.id), 1)) for entry in document.nodes}
    nodes = [entry.model_copy(update={"firing": entry.firing.model_copy(update={"count": counts[entry.id]})}) for entry in document.nodes]
    return document.model_copy(update={"nodes": tuple(nodes)})


def waiting_for_all(document: Graph) -> Graph:
    return document.model_copy(update={"nodes": tuple(entry.model_copy(update={"firing": Firing()}) for entry in document.nodes)})


def _back(draw: st.DrawFn) -> Draft:
    return {**draw(WAYS), "max_iterations": draw(st.integers(1, 2))}


def _single(draw: st.DrawFn, drawing: Loops, name: str) -> Part:
    drawing.add(name, **draw(FIRING))
    return Part([name], [name])


def _around_one(draw: st.DrawFn, drawing: Loops, name: str) -> Part:
    drawing.add(name)
    drawing.lead(name, name, **_back(draw))
    return Part([name], [name])


def _around_two(draw: st.DrawFn, drawing: Loops, name: str) -> Part:
    """The limit is on the edge that leads back, or on the one that leads forth."""
    head, tail = drawing.add(f"{name}h"), drawing.add(f"{name}t", **draw(FIRING))
    forth, back = ({}, _back(draw)) if draw(st.booleans()) else (_back(draw), {})
    drawing.lead(head, tail, **forth)
    drawing.lead(tail, head, **back)
    return Part([head, tail], [head, tail])


def _forked(draw: st.DrawFn, drawing: Loops, name: str) -> Part:
    head, tail = drawing.add(f"{name}h", **draw(FIRING)), drawing.add(f"{name}t", **draw(FIRING))
    for side in (drawing.add(f"{name}a"), drawing.add(f"{name}b")):
        drawing.lead(head, side)
        drawing.lead(side, tail)
    drawing.lead(tail, head, **_back(draw))
    return Part([head], [head, f"{name}a", tail, tail])


def _with_two_ways_back(draw: st.DrawFn, drawing: Loops, name: str) -> Part:
    head, first, second = drawing.add(f"{name}h", **draw(FIRING)), drawing.add(f"{name}a"), drawing.add(f"{name}b")
    drawing.lead(head, first)
    drawing.lead(first, second, **draw(WAYS))
    drawing.lead(first, head, **_back(draw))
    drawing.lead(second, head, **_back(draw))
    return Part([head], [first, second])


def _with_a_side_branch(draw: st.DrawFn, drawing: Loops, name: str) -> Part:
    """The loop does not wait for the side branch, which could lead back and never does: rounds overlap."""
    head, tail, side = drawing.add(f"{name}h"), drawing.add(f"{name}t"), drawing.add(f"{name}s")
    drawing.lead(head, tail)
    drawing.lead(tail, head, **_back(draw))
    drawing.lead(head, side)
    drawing.lead(side, tail, condition="output < 0", max_iterations=1)
    return Part([head], [side, side, side, tail])


def _in_each_other(draw: st.DrawFn, drawing: Loops, name: str) -> Part:
    """The inner loop goes round one node or two; another one may lie inside it, or beside it; the outer one may return to either."""
    outer, inner, after = drawing.add(f"{name}o"), drawing.add(f"{name}i"), drawing.add(f"{name}a")
    last = drawing.add(f"{name}j") if draw(st.booleans()) else inner
    drawing.lead(outer, inner)
    if last is not inner:
        drawing.lead(inner, last, **draw(WAYS))
    drawing.lead(last, inner, **_back(draw))
    within = draw(st.sampled_from([None, None, last, after]))
    if within is not None and within is not inner:
        drawing.lead(within, within, **_back(draw))
    drawing.lead(draw(st.sampled_from([inner, last])), after, **draw(WAYS))
    drawing.lead(after, draw(st.sampled_from([outer, outer, inner])), **_back(draw))
    return Part([outer], [inner, last, after, after])


def _decided_by_a_router(draw: st.DrawFn, drawing: Loops, name: str) -> Part:
    drawing.add(name, **draw(FIRING))
    routes = [{"name": "back", "condition": draw(st.sampled_from(["input % 2 == 0", "input < 4", "false"]))}, {"name": "on"}]
    drawing.add(f"{name}r", "router", {"routes": routes})
    drawing.lead(name, f"{name}r")
    drawing.lead(f"{name}r.back", name, max_iterations=draw(st.integers(1, 3)))
    return Part([name], [f"{name}r.on", f"{name}r.on", name])


ORDERLY = (_single, _around_one, _around_two, _forked, _with_a_side_branch, _decided_by_a_router)
PARTS = (*ORDERLY, _with_two_ways_back, _in_each_other)
