"""Plain functions as tools: their arguments, their docstrings, their results, and the threads they run in."""

import asyncio
import dataclasses
import datetime
import enum
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from pydantic import BaseModel, Field

from orchestrator.capabilities.tools.functions import threads
from orchestrator.capabilities.tools.functions.arguments import BadSignature
from orchestrator.capabilities.tools.tool import Tool, ToolContext, tool
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import ToolCall
from orchestrator.engine.testing import call_context
from tests.engine.json_values import json_values


async def use(called: Tool, /, **arguments: Json) -> Json:
    return await toolbox(more=[called], owner="t").call(
        ToolCall(tool=called.spec.name, arguments=arguments), call_context(idempotency_key="k")
    )


async def failure(called: Tool, /, **arguments: Json) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await use(called, **arguments)
    return caught.value


@tool
def get_weather(location: str) -> str:
    """Tell the weather at a place."""
    return f"Sunny, 22 °C in {location}"


async def test_a_plain_function_is_a_tool() -> None:
    assert (get_weather.spec.name, get_weather.spec.title, get_weather.spec.description) == (
        "get_weather",
        "Get weather",
        "Tell the weather at a place.",
    )
    assert get_weather.spec.parameters == {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
        "additionalProperties": False,
    }
    assert await use(get_weather, location="Tokyo") == "Sunny, 22 °C in Tokyo"
    assert get_weather("Paris") == "Sunny, 22 °C in Paris", "its own tests call it as a function"


def google(city: str, days: int = 3) -> None:
    """Forecast.

    Looks ahead.

    Args:
        city (int): Where,
            by name.
        days: How far.

    Returns:
        Nothing.
    """


def numpy(city: str, days: int = 3) -> None:
    """Forecast.

    Looks ahead.

    Parameters
    ----------
    city : int
        Where, by name.
    days : int, optional
        How far.
    """


def sphinx(city: str, days: int = 3) -> None:
    """Forecast.

    Looks ahead.

    :param city: Where, by name.
    :type city: int
    :param days: How far.
    """


@pytest.mark.parametrize("function", [google, numpy, sphinx])
async def test_docstrings_describe_arguments_and_the_hints_say_their_types(function: Callable[..., object]) -> None:
    made = tool(function)
    assert made.spec.description.split() == ["Forecast.", "Looks", "ahead."]
    city, days = (made.spec.parameters["properties"][name] for name in ("city", "days"))  # type: ignore[index,call-overload]
    assert city == {"type": "string", "description": "Where, by name."}
    assert days == {"type": "integer", "description": "How far.", "default": 3}
    error = await failure(made, city=7)  # as the docstring has it
    assert error.info.code is ErrorCode.INVALID_INPUT
    assert "city" in error.info.message and "string" in error.info.message and '"type": "string"' in error.info.cure


@pytest.mark.parametrize("text", ["", "Args:", ":param", "Parameters\n---", "Args:\n  x", ":param x y z: w", "\x00", "Args:\n\n\n:raises"])
def test_docstring_that_cannot_be_read_is_taken_as_it_stands(text: str) -> None:
    def odd(x: int) -> None: ...

    odd.__doc__ = text
    assert isinstance(tool(odd).spec.description, str)


def test_a_field_describes_itself_before_the_docstring() -> None:
    @tool
    def both(x: Annotated[int, Field(ge=1, description="From the hint")], y: Annotated[int, Field(ge=2)]) -> None:
        """Both.

        Args:
            x: From the docstring
            y: Only here
        """

    assert both.spec.parameters["properties"] == {
        "x": {"type": "integer", "minimum": 1, "description": "From the hint"},
        "y": {"type": "integer", "minimum": 2, "description": "Only here"},
    }


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Order(BaseModel):
    id: str
    total: Decimal


async def test_arguments_arrive_as_their_hints_say() -> None:
    seen: dict[str, object] = {}

    @tool("types")
    def types(
        colour: Colour,
        point: Point,
        orders: list[Order],
        mode: Literal["a", "b"],
        maybe: int | None = None,
        when: datetime.date = datetime.date(2026, 1, 1),
        notes: dict[str, float] = {},  # noqa: B006
        schema: str = "a name that a model has too",
    ) -> None:
        """Take them."""
        seen.update(locals())

    given: dict[str, Json] = {"colour": "blue", "point": {"x": 1}, "orders": [{"id": "a", "total": "1.5"}], "mode": "a"}
    await use(types, **given, when="2026-12-24", notes={"a": 1})
    assert seen["colour"] is Colour.BLUE and seen["point"] == Point(1) and seen["when"] == datetime.date(2026, 12, 24)
    assert seen["orders"] == [Order(id="a", total=Decimal("1.5"))] and seen["maybe"] is None and seen["notes"] == {"a": 1.0}
    for wrong in ({"colour": "green"}, {"point": {"x": "1"}}, {"orders": {}}, {"mode": "c"}, {"maybe": "x"}, {"more": 1}):
        error = await failure(types, **(given | wrong))  # type: ignore[arg-type]
        assert error.info.code is ErrorCode.INVALID_INPUT and next(iter(wrong)) in error.info.message


async def test_what_the_schema_cannot_say_is_checked_before_the_call() -> None:
    @tool
    def day(when: datetime.date) -> str:
        """Day."""
        return when.strftime("%A")

    assert await use(day, when="2000-01-01") == "Saturday"
    error = await failure(day, when="2000-02-31")
    assert error.info.code is ErrorCode.INVALID_INPUT and "when" in error.info.message


async def test_the_context_is_given_wherever_it_stands_and_not_shown() -> None:
    @tool
    def one(x: int, about: ToolContext) -> str:
        """One."""
        return f"{x} {about.idempotency_key} {about.tenant} {about.run_id}"

    @tool
    async def two(about: ToolContext, x: int) -> str:
        """Two."""
        return f"{x} {about.idempotency_key}"

    assert await use(one, x=1) == "1 k t run" and await use(two, x=2) == "2 k"
    assert list(one.spec.parameters["properties"]) == ["x"]  # type: ignore[arg-type]


def unnamed(*parts: str) -> None: ...
def keywords(**parts: str) -> None: ...
def positional(x: int, /) -> None: ...
def unhinted(x) -> None: ...  # type: ignore[no-untyped-def]
def unknown(x: "Nothing") -> None: ...  # type: ignore[name-defined]  # noqa: F821
def formless(x: threading.Thread) -> None: ...
def called_back(x: Callable[[], int]) -> None: ...


@pytest.mark.parametrize("function", [unnamed, keywords, positional, unhinted, unknown, formless, called_back])
def test_arguments_that_no_model_could_give_are_refused_with_the_name_of_the_function(function: Callable[..., object]) -> None:
    with pytest.raises(BadSignature) as caught:
        tool(function)
    assert function is called_back or function.__name__ in str(caught.value)


def test_terms_that_cannot_be_are_refused() -> None:
    for terms in ({"per_minute": 0}, {"timeout_s": 0}, {"safety": "safe"}, {"price_nano_usd": -1}):
        with pytest.raises(ValueError):
            tool("x", **terms)(get_weather.function)  # type: ignore[call-overload]


@dataclasses.dataclass
class Report:
    at: datetime.datetime
    cost: Decimal
    points: set[int]


RESULTS: list[tuple[object, Json]] = [
    (
        Report(datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), Decimal("1.10"), {1}),
        {"at": "2026-01-02T00:00:00Z", "cost": "1.10", "points": [1]},
    ),
    (Order(id="a", total=Decimal(2)), {"id": "a", "total": "2"}),
    ([Colour.RED, (1, None), {1: b"x"}], ["red", [1, None], {"1": "x"}]),
    (float("nan"), None),
    ("half \ud800", "half \ufffd"),
]


@pytest.mark.parametrize(("value", "shown"), RESULTS)
async def test_results_become_json(value: object, shown: Json) -> None:
    @tool
    def gives() -> object:
        """Give."""
        return value

    assert await use(gives) == shown


def endless() -> Iterator[int]:
    while True:
        yield 1


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    "value", [object(), threading.Lock(), endless(), CIRCLE, b"\xff", lambda: 1, [object()]], ids=lambda value: type(value).__name__
)
async def test_result_without_a_form_in_json_is_an_exact_error(value: object) -> None:
    @tool(safety="pure")
    def gives() -> object:
        """Give."""
        return value

    error = await failure(gives)
    assert error.info.code is ErrorCode.INVALID_OUTPUT and type(value).__name__ in error.info.message and error.info.cure


async def test_unsafe_tool_whose_result_is_lost_leaves_an_unknown_outcome() -> None:
    @tool
    def pays() -> object:
        """Pay."""
        return object()

    assert (await failure(pays)).info.code is ErrorCode.OUTCOME_UNKNOWN


@given(value=json_values())
async def test_any_json_argument_arrives_or_is_refused_with_a_cure(value: Any) -> None:
    @tool(safety="pure")
    def echo(text: str, point: Point, at: datetime.datetime, items: list[int]) -> list[object]:
        """Echo."""
        return [text, point.x, items]

    fits: dict[str, Json] = {"text": "a", "point": {"x": 1}, "at": "2026-01-01T00:00:00Z", "items": [1]}
    for name in fits:
        try:
            assert isinstance(await use(echo, **(fits | {name: value})), list)
        except ToolError as error:
            assert error.info.code is ErrorCode.INVALID_INPUT and error.info.cure


async def test_function_that_is_not_async_holds_up_nobody() -> None:
    @tool(safety="pure")
    def slow() -> str:
        """Sleep."""
        time.sleep(0.3)
        return threading.current_thread().name

    task = asyncio.create_task(use(slow))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert await task == "tool" and turns > 20, "the loop stood still"


async def test_hanging_functions_hit_their_time_limit_and_take_no_thread_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MOST_OF_ONE", 2)
    released = threading.Event()

    @tool(safety="pure", timeout_s=0.2)
    def hangs() -> None:
        """Hang."""
        released.wait(20)

    box, other = (toolbox(more=[hangs, get_weather], owner=owner) for owner in ("hanging", "other"))
    wanted = ToolCall(tool="hangs", arguments={})
    began = time.monotonic()
    outcomes = await asyncio.gather(*(box.call(wanted, call_context()) for _ in range(3)), return_exceptions=True)
    assert time.monotonic() - began < 2
    told = sorted(str(outcome) for outcome in outcomes)
    assert told[0].startswith("hangs could not begin within 0.2 s") and told[1:] == ["hangs did not finish within 0.2 s"] * 2
    assert await other.call(ToolCall(tool="get_weather", arguments={"location": "Oslo"}), call_context()) == "Sunny, 22 °C in Oslo"
    released.set()
    for _ in range(100):
        await asyncio.sleep(0.01)
    assert await box.call(ToolCall(tool="get_weather", arguments={"location": "Rome"}), call_context()) == "Sunny, 22 °C in Rome"


@pytest.mark.parametrize("raised", [KeyError("a part"), SystemExit(3), StopIteration("over"), KeyboardInterrupt()])
async def test_whatever_a_function_raises_fails_its_call_alone(raised: BaseException) -> None:
    @tool(safety="pure")
    def breaks() -> None:
        """Break."""
        raise raised

    error = await failure(breaks)
    assert type(raised).__name__ in error.info.message


async def test_unsafe_function_that_never_began_has_a_known_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MOST_OF_ONE", 1)
    released = threading.Event()

    @tool(timeout_s=0.1)
    def holds() -> None:
        """Hold."""
        released.wait(20)

    box = toolbox(more=[holds], owner="holding")
    outcomes = await asyncio.gather(
        *(box.call(ToolCall(tool="holds", arguments={}), call_context()) for _ in range(2)), return_exceptions=True
    )
    released.set()
    assert {outcome.info.code for outcome in outcomes if isinstance(outcome, ToolError)} == {ErrorCode.OUTCOME_UNKNOWN, ErrorCode.TIMEOUT}
