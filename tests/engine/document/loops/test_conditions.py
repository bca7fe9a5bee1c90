"""What is said of two edges without evaluating anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.document.expressions.variables import Variables
from orchestrator.engine.document.graph import Edge, Node
from orchestrator.engine.document.loops.conditions import are_opposite, exclude, needed
from orchestrator.engine.document.node_kind import NodeKind, Outputs, Params, Port, Yields
from orchestrator.engine.document.registry import registered
from orchestrator.engine.ids import PortName
from tests.engine.in_place import is_open
from tests.graphs import edge, node

OPERATORS = ("<", "<=", ">", ">=", "==", "!=")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("output < 3", "output >= 3"),
        ("output<=3", " output > 3 "),
        ("size(output.items) == 0", "size(output.items) != 0"),
        ("output.label == 'a'", "output.label != 'a'"),
        ("output.ok", "!(output.ok)"),
        ("!(a && b)", "a && b"),
    ],
)
def test_plain_opposites_are_known_both_ways(one: str, other: str) -> None:
    assert are_opposite(one, other) and are_opposite(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("output < 3", "output < 3"),
        ("output < 3", "output > 3"),
        ("output < 3", "output >= 4"),
        ("output < 3", "input >= 3"),
        ("f(a < b)", "f(a >= b)"),
        ("[a == b][0]", "[a != b][0]"),
        ("'a < b'", "'a >= b'"),
        ("a < b && c", "a >= b && c"),
        ("a ? b < c : d", "a ? b >= c : d"),
        ("!a == b", "!a != b"),
        ("output.ok", "output.ok"),
    ],
)
def test_what_may_hold_together_or_is_not_plain_is_no_opposite(one: str, other: str) -> None:
    assert not are_opposite(one, other)


@given(st.sampled_from(OPERATORS), st.sampled_from(OPERATORS), st.integers(-2, 2), st.integers(-2, 2))
def test_of_two_opposites_one_holds_and_only_one(one: str, other: str, left: int, right: int) -> None:
    conditions = f"output {one} {right}", f"output {other} {right}"
    if are_opposite(*conditions):
        seen = Variables({"output": left})
        assert is_open(conditions[0], seen) != is_open(conditions[1], seen)


async def nothing(_ctx: object, _params: object) -> Outputs:
    return {}


def two_ports(yields: Yields) -> NodeKind[Params]:
    ports = tuple(Port(name=PortName(name)) for name in ("left", "right"))
    return NodeKind(
        name="fork",
        title="Fork",
        summary="For this test",
        group="flow",
        icon="box",
        params=Params,
        run=nothing,
        yields=yields,
        outputs=ports,
    )


@pytest.mark.parametrize(
    ("yields", "on_error", "ports", "never"),
    [
        (Yields.ONE, "fail", ("left", "right"), True),
        (Yields.ONE, "fail", ("left", "left"), False),
        (Yields.ALL, "fail", ("left", "right"), False),
        (Yields.ALL, "port", ("left", "right"), False),
        (Yields.ALL, "port", ("left", "error"), True),
        (Yields.ALL, "port", ("error", "right"), True),
        (Yields.ALL, "port", ("error", "error"), False),
    ],
)
def test_ports_are_never_taken_together_where_one_value_leaves_or_an_error(
    yields: Yields, on_error: str, ports: tuple[str, str], never: bool
) -> None:
    with registered(two_ports(yields)):
        drawn = Node.model_validate(node("f", "fork", on_error=on_error))
        one, other = (Edge.model_validate(edge(f"f.{port}", f"to{index}")) for index, port in enumerate(ports))
        assert exclude(drawn, one, other) is never


@pytest.mark.parametrize(
    ("firing", "values"), [({}, 1), ({"rule": "any", "count": 3}, 1), ({"count": 2}, 1), ({"rule": "n_of", "count": 3}, 3)]
)
def test_node_needs_as_many_values_as_it_counts_and_else_one(firing: dict[str, Any], values: int) -> None:
    assert needed(Node.model_validate(node("n", "transform", firing=firing))) == values
