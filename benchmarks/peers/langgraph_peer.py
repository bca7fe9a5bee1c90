"""LangGraph, with its SQLite saver and LangChain's agent on top of it."""

import operator
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, TypedDict
from uuid import uuid4

from benchmarks.measuring.scratch import WriteAhead
from benchmarks.peers.peer import INSTRUCTIONS, Converse, Invoke, Peer, calculator, present

os.environ.update(LANGSMITH_TRACING="false", LANGCHAIN_TRACING_V2="false")  # nothing is told to LangSmith


class Line(TypedDict):
    value: int


class Fan(TypedDict):
    value: int
    parts: Annotated[list[int], operator.add]


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
    return lambda value: int(compiled.invoke(_state(shape, value), {"recursion_limit": size + 10})["value"])


@contextmanager
def durable(shape: str, size: int) -> Iterator[Invoke]:
    from langgraph.checkpoint.sqlite import SqliteSaver

    with TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder) / "langgraph.sqlite3"
        with closing(sqlite3.connect(path, check_same_thread=False, factory=WriteAhead)) as connection:
            compiled = SHAPES[shape](size).compile(checkpointer=SqliteSaver(connection))

            def invoke(value: int) -> int:
                config = {"recursion_limit": size + 10, "configurable": {"thread_id": str(uuid4())}}
                return int(compiled.invoke(_state(shape, value), config, durability="sync")["value"])

            yield invoke


def _state(shape: str, value: int) -> dict[str, Any]:
    return {"value": value, "parts": []} if shape == "fan" else {"value": value}


def agent(base: str, key: str, model: str) -> Converse:
    """The agent that LangGraph's own `create_react_agent` has become."""
    from langchain.agents import create_agent
    from langchain_openai import ChatOpenAI

    made: Any = create_agent(ChatOpenAI(model=model, api_key=key, base_url=base), [calculator], system_prompt=INSTRUCTIONS)

    async def converse(task: str) -> str:
        state = await made.ainvoke({"messages": [("user", task)]}, {"recursion_limit": 100})
        return str(state["messages"][-1].content)

    return converse


PEER = Peer(
    "LangGraph",
    in_memory if present("langgraph") else None,
    durable if present("langgraph.checkpoint.sqlite") else None,
    agent if present("langchain.agents") and present("langchain_openai") else None,
)
