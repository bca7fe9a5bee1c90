"""What an expression inside a step can see: its inputs, its item, the nodes before it, shared state, and nothing that came later."""

from typing import Any

import pytest

from orchestrator.engine.document.expressions.evaluation import evaluate
from orchestrator.engine.document.graph import Channel, Graph, ReducerName
from orchestrator.engine.errors import ExpressionFailed
from orchestrator.engine.execution.evaluation.visibility import variables_as_of
from orchestrator.engine.ids import ROOT, Json, PortName, Scope
from orchestrator.engine.log.channels import take_writes
from orchestrator.engine.log.events import ChannelWrite
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.scope_state import Activation, ScopeState
from orchestrator.engine.log.status import NodeStatus

GRAPH = Graph(channels={"sum": Channel(reducer=ReducerName.SUM, initial=10), "list": Channel(reducer=ReducerName.APPEND)})
ITEM, INNER = Scope("m#1/item.1"), Scope("m#1/item.1/k#1/item.0")


def write(name: str, value: Json) -> ChannelWrite:
    channel = GRAPH.channels[name]
    return ChannelWrite(channel=name, reducer=channel.reducer, initial=channel.initial, value=value)


def ended(value: Json, seq: int, status: NodeStatus = NodeStatus.SUCCEEDED) -> Activation:
    return Activation(status, finished_seq=seq, outputs={PortName("out"): value})


def state() -> RunState:
    """Node `a` ended at 3 and again at 7; inside the item its own `a` at 5; `b` only in the graph, at 4."""
    found = RunState(input={"n": 1})
    found.scopes[ITEM] = ScopeState(ROOT, index=1, seed="item")
    found.scopes[INNER] = ScopeState(ITEM, index=0, seed="inner")
    rows: list[tuple[Scope, str, list[Activation]]] = [
        (ROOT, "a", [ended("first", 3), ended("second", 7)]),
        (ROOT, "b", [ended("b", 4)]),
        (ITEM, "a", [ended("own", 5)]),
    ]
    for scope, name, activations in rows:
        found.scopes[scope].ended[name] = activations  # type: ignore[index]  # names are texts
        found.scopes[scope].activations[name] = dict(enumerate(activations, start=1))  # type: ignore[index]
    take_writes(found.channels, [write("sum", 1), write("list", "x")], 4)
    take_writes(found.channels, [write("sum", 5)], 8)
    return found


def see(source: str, scope: Scope = ROOT, seq: int = 99, inputs: dict[str, Json] | None = None, **rest: Any) -> Json:
    given = {PortName(name): value for name, value in (inputs or {}).items()}
    return evaluate(source, variables_as_of(GRAPH, state(), scope, seq, given, **rest))


@pytest.mark.parametrize(
    ("source", "inputs", "value"),
    [
        ("input", {"in": 5}, 5),
        ("input", {"other": 5}, None),
        ("input", {}, None),
        ("inputs", {"in": 5, "other": 6}, {"in": 5, "other": 6}),
        ("inputs.other", {"other": 6}, 6),
        ("run.input.n", {}, 1),
    ],
)
def test_step_sees_its_inputs_and_that_of_the_run(source: str, inputs: dict[str, Json], value: Json) -> None:
    assert see(source, inputs=inputs) == value


@pytest.mark.parametrize(
    ("seq", "value"), [(2, None), (3, {"out": "first"}), (6, {"out": "first"}), (7, {"out": "second"}), (99, {"out": "second"})]
)
def test_step_sees_what_had_ended_when_it_began_and_nothing_later(seq: int, value: Json) -> None:
    assert see("nodes.a", seq=seq) == value


@pytest.mark.parametrize(
    ("scope", "seq", "a", "b"),
    [(ITEM, 99, "own", "b"), (ITEM, 4, "first", "b"), (INNER, 99, "own", "b"), (INNER, 4, "first", "b"), (ROOT, 5, "first", "b")],
)
def test_step_sees_its_own_scope_first_and_then_those_around_it(scope: Scope, seq: int, a: str, b: str) -> None:
    assert see("[nodes.a.out, nodes.b.out]", scope, seq) == [a, b]


def test_names_of_nodes_are_those_of_all_scopes_around() -> None:
    assert see("size(nodes)", INNER) == 2 == see("size(nodes)", ROOT)


@pytest.mark.parametrize(("scope", "value"), [(ITEM, ["item", 1]), (INNER, ["inner", 0])])
def test_item_and_index_are_those_of_the_nearest_map(scope: Scope, value: Json) -> None:
    assert see("[item, index]", scope) == value


@pytest.mark.parametrize("name", ["item", "index"])
def test_outside_of_maps_there_is_no_item(name: str) -> None:
    with pytest.raises(ExpressionFailed, match=f"there is no variable '{name}'; there are input, inputs, nodes, run, state"):
        see(name)


@pytest.mark.parametrize(("seq", "value"), [(3, [10, None]), (4, [11, ["x"]]), (7, [11, ["x"]]), (8, [16, ["x"]])])
def test_shared_state_is_that_of_when_the_step_began(seq: int, value: Json) -> None:
    assert see("[state.sum, state.list]", seq=seq) == value


def test_own_writes_go_into_what_the_step_saw() -> None:
    assert see("[state.sum, state.list]", seq=4, writes=(write("sum", 100), write("list", "y"))) == [111, ["x", "y"]]
    assert see("state.sum", seq=4, writes=(write("list", "y"),)) == 11
    assert see("state.sum", seq=4) == 11, "they are nobody else's"


def test_more_may_be_seen_where_more_is_said() -> None:
    assert see("[output, input]", more={"output": 7}, inputs={"in": 1}) == [7, 1]
    with pytest.raises(ExpressionFailed, match="there is no variable 'output'"):
        see("output")


def test_what_was_seen_cannot_be_changed_from_an_expression() -> None:
    found = state()
    value = evaluate("nodes.a", variables_as_of(GRAPH, found, ROOT, 99, {}))
    assert isinstance(value, dict)
    value["out"] = "changed"
    assert found.scopes[ROOT].ended["a"][-1].outputs == {"out": "second"}  # type: ignore[index]
