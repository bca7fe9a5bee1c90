"""The same graphs in LangGraph, where it is installed."""

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, TypedDict
from uuid import uuid4

NAME = "LangGraph"
Invoke = Callable[[int], object]


class Line(TypedDict):
    value: int


class Fan(TypedDict):
    value: int
    parts: Annotated[list[int], operator.add]


def installed() -> bool:
    return find_spec("langgraph") is not None


def saver_installed() -> bool:
    return installed() and find_spec("langgraph.checkpoint.sqlite") is not None


def chain(length: int) -> Any:
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(Line)
    for index in range(length):
        graph.add_node(f"n{index}", lambda state: {"value": state["value"] + 1})
        graph.add_edge(START if index == 0 else f"n{index - 1}", f"n{index}")
    graph.add_edge(f"n{length - 1}", END)
    return graph


def fan(width: int) -> Any:
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(Fan)
    graph.add_node("gathered", lambda state: {"value": sum(state["parts"])})
    for index in range(width):
        graph.add_node(f"n{index}", lambda state: {"parts": [state["value"]]})
        graph.add_edge(START, f"n{index}")
        graph.add_edge(f"n{index}", "gathered")
    graph.add_edge("gathered", END)
    return graph


def loop(times: int) -> Any:
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(Line)
    graph.add_node("count", lambda state: {"value": state["value"] + 1})
    graph.add_edge(START, "count")
    graph.add_conditional_edges("count", lambda state: "count" if state["value"] < times else END)
    return graph


SHAPES = {"chain": chain, "fan": fan, "loop": loop}


def in_memory(shape: str, size: int) -> Invoke:
    compiled = SHAPES[shape](size).compile()
    return lambda value: compiled.invoke(_state(shape, value), {"recursion_limit": size + 10})


@contextmanager
def durable(shape: str, size: int) -> Iterator[Invoke]:
    """With its SQLite saver, each step written before the next begins."""
    from langgraph.checkpoint.sqlite import SqliteSaver

    with TemporaryDirectory(dir="/tmp") as folder, SqliteSaver.from_conn_string(str(Path(folder) / "peer.sqlite3")) as saver:
        compiled = SHAPES[shape](size).compile(checkpointer=saver)

        def invoke(value: int) -> object:
            config = {"recursion_limit": size + 10, "configurable": {"thread_id": str(uuid4())}}
            return compiled.invoke(_state(shape, value), config, durability="sync")

        yield invoke


def _state(shape: str, value: int) -> dict[str, Any]:
    return {"value": value, "parts": []} if shape == "fan" else {"value": value}
