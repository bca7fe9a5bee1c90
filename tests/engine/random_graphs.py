"""Random graphs that can be executed: branches, joins, conditions, loops, maps, agents, tools, people."""

from typing import Any

from hypothesis import strategies as st

from orchestrator.engine.document.graph import Graph
from tests.graphs import edge, graph, node


@st.composite
def executable_graphs(draw: st.DrawFn, largest: int = 7) -> Graph:
    """A graph whose outcome does not depend on timing."""
    size = draw(st.integers(2, largest))
    nodes: list[dict[str, Any]] = [node("start", "input")]
    edges: list[dict[str, Any]] = []
    for index in range(size):
        name = f"n{index}"
        nodes += draw(_step(name))
        edges += _body_edges(nodes, name)
        for source in sorted(draw(st.sets(st.sampled_from(["start", *(f"n{i}" for i in range(index))]), min_size=1, max_size=3))):
            edges.append(edge(source, name, **draw(_condition())))
        if draw(st.booleans()) and draw(st.booleans()):
            edges.append(edge(name, name, condition="true", max_iterations=draw(st.integers(1, 2))))
    nodes += [node("all", "join"), node("end", "output", {"value": "input"})]
    edges += [edge(f"n{index}", "all") for index in range(size)] + [edge("start", "all"), edge("all", "end")]
    agents = {"helper": {"name": "Helper", "model": "scripted", "tools": ["note"]}}
    return graph(nodes, edges, agents=agents, channels={"log": {"reducer": "sum", "initial": 0}})


@st.composite
def _step(draw: st.DrawFn, name: str) -> list[dict[str, Any]]:
    kind = draw(st.sampled_from(["transform", "transform", "tool", "agent", "map", "human", "wait"]))
    rest: dict[str, Any] = {"writes": {"log": "1"}} if draw(st.booleans()) else {}
    if kind == "map":
        inner = draw(st.sampled_from(["tool", "agent", "human"]))
        items = {"items": f"[{', '.join(str(i) for i in range(draw(st.integers(0, 3))))}]", "concurrency": draw(st.integers(1, 3))}
        return [node(name, "map", items, **rest), node(f"{name}b", inner, _params(inner), parent=name)]
    return [node(name, kind, _params(kind), **rest)]


def _params(kind: str) -> dict[str, Any]:
    return {
        "transform": {"expression": "size(inputs)"},
        "tool": {"tool": "note", "arguments": {"text": "x"}},
        "agent": {"agent": "helper", "prompt": "do it"},
        "human": {"payload": "1"},
        "wait": {"seconds": 0.0001},
    }[kind]


def _body_edges(nodes: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    inner = [entry for entry in nodes if entry.get("parent") == name]
    if not inner:
        return []
    out = f"{name}b.approve" if inner[0]["kind"] == "human" else f"{name}b"
    return [edge(f"{name}.item", f"{name}b"), edge(out, f"{name}.result")]


def _condition() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from([{}, {}, {}, {"condition": "true"}, {"condition": "false"}])


def well_formed(document: Graph) -> Graph:
    """People answer by `approve`; what leaves a loop leaves once, when the loop is over."""
    people = {entry.id for entry in document.nodes if entry.kind == "human"}
    loops = {entry.source for entry in document.edges if entry.source == entry.target}
    edges = []
    for entry in document.edges:
        port = {"source_port": "approve"} if entry.source in people else {}
        leaves = {"otherwise": True, "condition": None} if entry.source in loops and entry.source != entry.target else {}
        edges.append(entry.model_copy(update={**port, **leaves}))
    return document.model_copy(update={"edges": tuple(edges)})
