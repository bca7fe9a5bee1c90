"""What a kind of node must be to be taken, and how the browser gets it."""

from typing import Any

import pytest
from pydantic import Field

from orchestrator.engine.document.node_kind import NodeKind, Outputs, Params, Port, PortsFrom
from orchestrator.engine.document.registry import BadKind, kind_of, kind_schemas, load_kinds, registered, require_proper
from orchestrator.engine.ids import PortName
from orchestrator.engine.plugins import BadPlugin


class Fine(Params):
    titled: int = Field(default=3, title="Titled")
    described: tuple[str, ...] = Field(default=("a",), description="Described")
    required: str = Field(title="Required")
    made: dict[str, int] = Field(default_factory=lambda: {"x": 1}, title="Made")


class Untold(Params):
    told: int = Field(default=1, title="Told")
    first: int = 1
    second: int = 2


async def nothing(_ctx: object, _params: object) -> Outputs:
    return {}


def kind(**rest: Any) -> NodeKind[Any]:
    whole: dict[str, Any] = {"name": "fine", "title": "Fine", "summary": "For this test", "group": "data", "icon": "box"}
    return NodeKind(**{**whole, "params": Fine, "run": nothing, **rest})


def test_kind_of_which_nothing_more_is_said_is_a_plain_one() -> None:
    plain = kind()
    assert (plain.version, [port.name for port in plain.inputs], [port.name for port in plain.outputs]) == (1, ["in"], ["out"])
    assert (plain.ports_from, plain.container, plain.executes, plain.delivers) == (None, False, True, False)
    assert plain.upgrade(0, {"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ({"title": ""}, "Kind 'fine' has no title or no summary"),
        ({"summary": ""}, "Kind 'fine' has no title or no summary"),
        ({"params": Untold}, "Kind 'fine' has parameters without a title: first, second"),
        ({"name": "map"}, "Two kinds of node are called 'map'"),
    ],
)
def test_kind_that_people_could_not_understand_is_refused(rest: dict[str, Any], words: str) -> None:
    before = dict(load_kinds())
    with pytest.raises(BadKind) as caught, registered(kind(**rest)):
        pass
    assert str(caught.value) == words and isinstance(caught.value, BadPlugin)
    assert load_kinds() == before
    require_proper(kind())


def test_what_is_no_kind_is_refused() -> None:
    with pytest.raises(BadKind) as caught, registered("kind"):  # type: ignore[arg-type]  # on purpose
        pass
    assert str(caught.value) == "Got str, expected a NodeKind"


def test_kind_exists_inside_the_block_and_only_there() -> None:
    one, other = kind(name="one"), kind(name="other")
    with registered(one, other):
        assert (kind_of("one"), kind_of("other")) == (one, other)
    for name in ("one", "other"):
        with pytest.raises(KeyError):
            kind_of(name)
    with pytest.raises(RuntimeError), registered(one):
        raise RuntimeError
    assert "one" not in load_kinds(), "a test that fails leaves no kind behind"


def test_browser_gets_the_whole_kind() -> None:
    whole = kind(
        version=4,
        inputs=(Port(name=PortName("in"), many=True),),
        outputs=(Port(name=PortName("item"), inner=True, type="text"),),
        ports_from=PortsFrom(param="titled"),
        container=True,
        executes=False,
    )
    with registered(whole):
        [schema] = [schema for schema in kind_schemas() if schema.name == "fine"]
    assert schema.model_dump(mode="json", exclude={"params"}) == {
        "name": "fine",
        "title": "Fine",
        "summary": "For this test",
        "group": "data",
        "icon": "box",
        "version": 4,
        "inputs": [{"name": "in", "title": "", "type": "any", "many": True, "inner": False, "modality": None}],
        "outputs": [{"name": "item", "title": "", "type": "text", "many": False, "inner": True, "modality": None}],
        "ports_from": {"param": "titled", "name": "name"},
        "container": True,
        "executes": False,
        "defaults": {"titled": 3, "described": ["a"], "made": {"x": 1}},
    }
    assert schema.params["required"] == ["required"] and set(schema.params["properties"]) == set(Fine.model_fields)  # type: ignore[arg-type]


def test_default_that_is_made_is_made_anew_for_each() -> None:
    with registered(kind()):
        first, second = (next(schema for schema in kind_schemas() if schema.name == "fine").defaults for _ in range(2))
    made = first["made"]
    assert isinstance(made, dict)
    made["y"] = 2
    assert second["made"] == {"x": 1}
