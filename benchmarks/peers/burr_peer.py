"""Burr, with its SQLite persister. It has no agents of its own; the releases that the extra asks for have no telemetry."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measuring.scratch import WriteAhead
from benchmarks.peers.peer import Invoke, Peer, present


@dataclass(frozen=True, slots=True)
class Machine:
    """A graph of actions, where it begins, and after or before which action it halts."""

    graph: Any
    first: str
    halt_after: tuple[str, ...] = ()
    halt_before: tuple[str, ...] = ()

    def run(self, value: int, persister: Any = None) -> int:
        from burr.core import ApplicationBuilder

        builder = ApplicationBuilder().with_graph(self.graph).with_state(value=value).with_entrypoint(self.first)
        if persister is not None:
            builder = builder.with_state_persister(persister)
        _, _, state = builder.build().run(halt_after=list(self.halt_after), halt_before=list(self.halt_before))
        return int(state["value"])


def one_more() -> Any:
    from burr.core import State, action

    def add(state: State) -> State:
        return state.update(value=state["value"] + 1)

    return action(reads=["value"], writes=["value"])(add)


def chain(length: int) -> Machine:
    from burr.core import GraphBuilder

    names = [f"n{index}" for index in range(length)]
    builder = GraphBuilder().with_actions(**dict.fromkeys(names, one_more()))
    return Machine(builder.with_transitions(*pairwise(names)).build(), names[0], halt_after=(names[-1],))


def loop(times: int) -> Machine:
    from burr.core import Condition, GraphBuilder

    again = Condition(["value"], lambda state: state["value"] < times)
    builder = GraphBuilder().with_actions(count=one_more(), end=one_more())
    return Machine(builder.with_transitions(("count", "count", again), ("count", "end")).build(), "count", halt_before=("end",))


def fan(width: int) -> Machine:
    """Burr's own way to go in parallel: one action that maps over many, each a graph of its own."""
    from burr.core import GraphBuilder, State, action
    from burr.core.parallelism import MapActions, RunnableGraph

    def same(state: State) -> State:
        return state.update(part=state["value"])

    def alone(name: str) -> RunnableGraph:
        builder = GraphBuilder().with_actions(**{name: action(reads=["value"], writes=["part"])(same)})
        return RunnableGraph(builder.build(), name, [name])

    parts = [alone(f"n{index}") for index in range(width)]

    class Spread(MapActions):  # type: ignore[misc, unused-ignore]
        reads = writes = ["value"]

        def actions(self, state: State, context: Any, inputs: dict[str, Any]) -> Iterator[Any]:
            yield from parts

        def state(self, state: State, inputs: dict[str, Any]) -> State:
            return state

        def reduce(self, state: State, states: Iterator[State]) -> State:
            return state.update(value=sum(each["part"] for each in states))

    return Machine(GraphBuilder().with_actions(spread=Spread()).build(), "spread", halt_after=("spread",))


SHAPES = {"chain": chain, "fan": fan, "loop": loop}


def in_memory(shape: str, size: int) -> Invoke:
    return SHAPES[shape](size).run


@contextmanager
def durable(shape: str, size: int) -> Iterator[Invoke]:
    from burr.core.persistence import SQLitePersister

    with TemporaryDirectory(dir="/tmp") as folder:
        # Each part of a fan opens a connection of its own, and so has to be told the same.
        connecting = {"check_same_thread": False, "factory": WriteAhead}
        with SQLitePersister(str(Path(folder) / "burr.sqlite3"), connect_kwargs=connecting) as persister:
            persister.initialize()
            machine = SHAPES[shape](size)
            yield lambda value: machine.run(value, persister)


PEER = Peer("Burr", in_memory, durable) if present("burr") else Peer("Burr")
