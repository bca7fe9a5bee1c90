"""Paths: what is within what, and that a path says by structure alone where something happened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.engine.ids import ROOT, NodeId, Path, Scope, is_within, step_path

NAMES = st.sampled_from(["a", "b", "a1", "A_b"])
NUMBERS = st.integers(1, 120)


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    """Items of maps in maps, at most two deep."""
    parts = draw(st.lists(st.tuples(NAMES, NUMBERS, NUMBERS, st.integers(0, 12)), max_size=2))
    scope = ROOT
    for name, number, attempt, index in parts:
        scope = Scope(f"{step_path(scope, NodeId(name), number, attempt)}/item.{index}")
    return scope


STEPS = st.tuples(scopes(), NAMES, NUMBERS, NUMBERS)


def parsed(path: str) -> tuple[str, str, int, int]:
    """The scope, node, activation and attempt that a step's path names."""
    scope, _, step = path.rpartition("/")
    node, _, numbers = step.partition("#")
    activation, _, attempt = numbers.partition("~")
    return scope, node, int(activation), int(attempt or 1)


@given(STEPS)
def test_path_of_a_step_says_all_that_the_step_is(step: tuple[Scope, str, int, int]) -> None:
    scope, name, activation, attempt = step
    assert parsed(step_path(scope, NodeId(name), activation, attempt)) == step


@given(STEPS, STEPS)
def test_two_steps_have_two_paths(one: tuple[Scope, str, int, int], other: tuple[Scope, str, int, int]) -> None:
    paths = [step_path(scope, NodeId(name), activation, attempt) for scope, name, activation, attempt in (one, other)]
    assert (paths[0] == paths[1]) is (one == other)


@given(scopes(), scopes(), scopes())
def test_to_be_within_is_an_order(one: Scope, two: Scope, three: Scope) -> None:
    assert is_within(one, one)
    assert one == two or not (is_within(one, two) and is_within(two, one))
    assert not (is_within(one, two) and is_within(two, three)) or is_within(one, three)
    assert is_within(one, ROOT)


@given(scopes(), NAMES, NUMBERS)
def test_what_happens_in_a_step_is_within_it_and_within_its_scope(scope: Scope, name: str, number: int) -> None:
    step = step_path(scope, NodeId(name), number)
    inside = Path(f"{step}/tool.1")
    assert is_within(inside, step) and is_within(inside, scope) and is_within(step, scope)
    assert not is_within(step, inside)


@pytest.mark.parametrize(
    ("path", "scope", "within"),
    [
        ("m#1/item.1/a#1", "m#1/item.1", True),
        ("m#1/item.1", "m#1/item.1", True),
        ("m#1/item.10/a#1", "m#1/item.1", False),
        ("m#1/item.10", "m#1/item.1", False),
        ("a#10", "a#1", False),
        ("a#1~2/tool.1", "a#1", False),
        ("m#1", "m#1/item.1", False),
        ("", "a#1", False),
        ("", "", True),
    ],
)
def test_name_that_begins_alike_is_another_name(path: str, scope: str, within: bool) -> None:
    assert is_within(Path(path), Scope(scope)) is within


@pytest.mark.parametrize(
    ("scope", "activation", "attempt", "path"),
    [
        ("", 1, 1, "n#1"),
        ("", 12, 1, "n#12"),
        ("", 1, 2, "n#1~2"),
        ("m#1/item.3", 2, 1, "m#1/item.3/n#2"),
        ("m#1~2/item.3", 1, 10, "m#1~2/item.3/n#1~10"),
    ],
)
def test_first_attempt_goes_without_saying(scope: str, activation: int, attempt: int, path: str) -> None:
    assert step_path(Scope(scope), NodeId("n"), activation, attempt) == path
