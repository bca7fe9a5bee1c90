"""The toolbox: arguments, time, size, and errors that a model can learn from."""

import asyncio
from typing import Annotated

import pytest
from pydantic import Field

from orchestrator.capabilities.tools.registry import all_specs
from orchestrator.capabilities.tools.terms import Lowered
from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import ToolCall
from orchestrator.engine.testing import call_context


@tool("sleeper", title="Sleeper", timeout_s=0.05)
async def sleeper(_context: ToolContext) -> Json:
    """Sleep for too long."""
    await asyncio.sleep(5)
    return None


@tool("dozer", title="Dozer", safety=Safety.IDEMPOTENT, timeout_s=0.05)
async def dozer(_context: ToolContext) -> Json:
    """Sleep for too long."""
    await asyncio.sleep(5)
    return None


@tool("bragger", title="Bragger")
async def bragger(_context: ToolContext) -> Json:
    """Act, and tell too much of it."""
    return "A" * 300_000


@tool("shouter", title="Shouter", safety=Safety.PURE)
async def shouter(_context: ToolContext, *, times: Annotated[int, Field(ge=1)]) -> Json:
    """Shout."""
    return "A" * times


@tool("breaker", title="Breaker")
async def breaker(_context: ToolContext) -> Json:
    """Break."""
    raise KeyError("missing part")


@tool("key_teller", title="Key teller", safety=Safety.IDEMPOTENT)
async def key_teller(context: ToolContext) -> Json:
    """Tell the idempotency key."""
    return context.idempotency_key


async def failure(name: str, arguments: dict[str, Json]) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await toolbox(more=[sleeper, dozer, bragger, shouter, breaker]).call(ToolCall(tool=name, arguments=arguments), call_context())
    assert caught.value.info.cure
    return caught.value


async def test_unknown_tool_names_the_known_ones() -> None:
    error = await failure("calculatr", {})
    assert "calculator" in error.info.cure


@pytest.mark.parametrize("arguments", [{}, {"times": "3"}, {"times": 0}, {"times": 1, "loud": True}])
async def test_p02_arguments_are_validated_without_coercion(arguments: dict[str, Json]) -> None:
    error = await failure("shouter", arguments)
    assert error.info.code is ErrorCode.INVALID_INPUT
    assert "times" in error.info.message + error.info.cure


async def test_slow_tool_is_stopped() -> None:
    assert (await failure("dozer", {})).info.code is ErrorCode.TIMEOUT


async def test_unsafe_tool_that_may_have_acted_leaves_an_unknown_outcome() -> None:
    assert (await failure("sleeper", {})).info.code is ErrorCode.OUTCOME_UNKNOWN
    assert (await failure("bragger", {})).info.code is ErrorCode.OUTCOME_UNKNOWN


async def test_output_is_capped_at_256_kilobytes() -> None:
    within = await toolbox(more=[shouter]).call(ToolCall(tool="shouter", arguments={"times": 250_000}), call_context())
    assert isinstance(within, str) and len(within) == 250_000
    error = await failure("shouter", {"times": 300_000})
    assert "262144" in error.info.message


async def test_an_exception_becomes_a_tool_error_with_its_reason() -> None:
    error = await failure("breaker", {})
    assert "missing part" in error.info.message


async def test_the_idempotency_key_reaches_the_tool() -> None:
    wanted = ToolCall(tool="key_teller", arguments={})
    assert await toolbox(more=[key_teller]).call(wanted, call_context(idempotency_key="run/step#1")) == "run/step#1"


async def test_only_enabled_tools_exist() -> None:
    few = toolbox(enabled={"calculator": Lowered()})
    assert few.spec("calculator") is not None
    assert few.spec("http_get") is None
    with pytest.raises(ToolError):
        await few.call(ToolCall(tool="http_get", arguments={"url": "https://example.com"}), call_context())


def test_every_built_in_tool_explains_itself() -> None:
    specs = all_specs()
    assert len({spec.name for spec in specs}) == len(specs) >= 8
    for spec in specs:
        assert spec.description and spec.title
        properties = spec.parameters["properties"]
        assert isinstance(properties, dict)
        assert all(isinstance(part, dict) and part.get("description") for part in properties.values()), spec.name
        assert spec.parameters["additionalProperties"] is False


def test_reading_is_idempotent_and_sending_is_not() -> None:
    safety = {spec.name: spec.safety for spec in all_specs()}
    assert safety["http_get"] is Safety.IDEMPOTENT is safety["http_send_once"]
    assert safety["http_request"] is Safety.UNSAFE
    assert safety["calculator"] is Safety.PURE
