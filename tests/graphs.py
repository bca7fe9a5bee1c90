"""Small graphs for tests, written the way a person would draw them."""

from itertools import pairwise
from typing import Any

from orchestrator.engine.document.graph import Graph


def graph(nodes: list[dict[str, Any]], edges: list[dict[str, Any]], **rest: Any) -> Graph:
    return Graph.model_validate({"nodes": nodes, "edges": edges, **rest})


def node(name: str, kind: str, params: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    return {"id": name, "kind": kind, "params": params or {}, **rest}


def edge(source: str, target: str, **rest: Any) -> dict[str, Any]:
    """`source` and `target` may name a port: `router.billing`."""
    name, _, port = source.partition(".")
    to, _, into = target.partition(".")
    ends = {"source": name, "source_port": port or "out", "target": to, "target_port": into or "in"}
    return {"id": f"{source}-{target}", **ends, **rest}


def path(*names: str) -> list[dict[str, Any]]:
    """Edges along a line of nodes."""
    return [edge(first, second) for first, second in pairwise(names)]


def chain(length: int) -> Graph:
    names = [f"n{index}" for index in range(length)]
    steps = [node(name, "transform", {"expression": "input + 1"}) for name in names]
    return graph([node("start", "input"), *steps, node("end", "output")], path("start", *names, "end"))


def fan(width: int) -> Graph:
    names = [f"n{index}" for index in range(width)]
    steps = [node(name, "transform", {"expression": "input"}) for name in names]
    spread = [edge("start", name) for name in names] + [edge(name, "gathered") for name in names]
    ends = [node("start", "input"), node("gathered", "join", {"reducer": "sum"}), node("end", "output")]
    return graph([*ends, *steps], [*spread, edge("gathered", "end")])


def loop(times: int) -> Graph:
    nodes = [node("start", "input"), node("count", "transform", {"expression": "input + 1"}), node("end", "output")]
    back = edge("count", "count", condition=f"output < {times}", max_iterations=times + 1)
    return graph(nodes, [edge("start", "count"), back, edge("count", "end", otherwise=True)])


def approval(**params: Any) -> Graph:
    nodes = [node("start", "input"), node("ask", "human", params), node("yes", "output"), node("no", "output", {"value": "'rejected'"})]
    return graph(nodes, [edge("start", "ask"), edge("ask.approve", "yes"), edge("ask.reject", "no")])


def one_agent(**agent: Any) -> Graph:
    spec = {"name": "Helper", "model": "scripted", "instructions": "Be brief.", **agent}
    nodes = [node("start", "input"), node("help", "agent", {"agent": "helper"}), node("end", "output")]
    return graph(nodes, path("start", "help", "end"), agents={"helper": spec})
