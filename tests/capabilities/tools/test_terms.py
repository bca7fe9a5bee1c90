"""On which terms tools are called: tries, rates, time, and what a workspace allows less."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.capabilities.tools.rates import RatesHere
from orchestrator.capabilities.tools.terms import Lowered, Retry, Terms
from orchestrator.capabilities.tools.tool import Tool, ToolContext, tool
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.execution.effect import ToolUse
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import FailedAttempt, ToolCall
from orchestrator.engine.testing import FixedAuthority, ManualClock, MemoryLog, ScriptedModel, call_context, host_of


def failing(times: int, error: Exception, **terms: Any) -> tuple[Tool, list[str]]:
    """A tool that fails so often before it answers, and the keys that it was called with."""
    keys: list[str] = []

    @tool("shaky", **terms)
    async def shaky(context: ToolContext) -> str:
        """Fail, then answer."""
        keys.append(context.idempotency_key)
        if len(keys) <= times:
            raise error
        return "done"

    return shaky, keys


async def outcome(called: Tool, tried: list[FailedAttempt] | None = None, **box: Any) -> Json:
    wanted = ToolCall(tool=called.spec.name, arguments={})
    told = (tried if tried is not None else []).append
    return await toolbox(more=[called], **box).call(wanted, call_context(on_failed_attempt=told, idempotency_key="the-key"))


@pytest.mark.parametrize("safety", ["pure", "idempotent"])
async def test_a_failure_of_a_named_type_is_tried_again_under_the_same_key_and_told(safety: str) -> None:
    shaky, keys = failing(2, ConnectionError("reset"), safety=safety, retry=Retry(3, 0.01, on=(ConnectionError,)))
    tried: list[FailedAttempt] = []
    assert await outcome(shaky, tried) == "done" and keys == ["the-key"] * 3
    assert [(one.attempt, one.retry_in_s) for one in tried] == [(1, 0.01), (2, 0.02)] and "reset" in tried[0].error.message


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (ValueError("no"), 1),
        (ToolError("no"), 1),
        (ToolError("later", retryable=True), 3),
        (ToolError("much later", retryable=True, retry_after_s=3600), 1),
        (ConnectionError(), 3),
    ],
)
async def test_other_failures_are_not_tried_again_and_none_for_ever(error: Exception, tries: int) -> None:
    shaky, keys = failing(99, error, safety="pure", retry=Retry(2, 0.01, on=(OSError,)))
    with pytest.raises(ToolError):
        await outcome(shaky)
    assert len(keys) == tries


async def test_time_that_ran_out_is_tried_again_where_it_is_named() -> None:
    began: list[int] = []

    @tool(safety="pure", timeout_s=0.05, retry=Retry(2, 0.01, on=(TimeoutError,)))
    async def slow() -> str:
        """Be slow at first."""
        began.append(1)
        await asyncio.sleep(0 if len(began) == 3 else 5)
        return "done"

    assert await outcome(slow) == "done"


def test_unsafe_tool_cannot_be_declared_to_be_tried_again() -> None:
    with pytest.raises(ValueError, match="'shaky' is unsafe, so it is never tried again by itself"):
        failing(1, ValueError(), retry=Retry(1))


async def test_unsafe_tool_is_called_once_even_when_its_failure_says_that_it_passes() -> None:
    shaky, keys = failing(1, ToolError("later", retryable=True))
    with pytest.raises(ToolError):
        await outcome(shaky)
    assert len(keys) == 1


async def test_wrong_arguments_are_not_tried_again_and_not_counted() -> None:
    shaky, keys = failing(0, ValueError(), safety="pure", retry=Retry(3, 0.01), per_minute=1)
    box = toolbox(more=[shaky])
    with pytest.raises(ToolError):
        await box.call(ToolCall(tool="shaky", arguments={"x": 1}), call_context())
    assert await box.call(ToolCall(tool="shaky", arguments={}), call_context()) == "done" and len(keys) == 1


async def test_more_calls_in_a_minute_than_may_be_are_refused_with_the_time_to_wait() -> None:
    shaky, keys = failing(0, ValueError(), per_minute=2)
    now = [100.0]
    rates = RatesHere(lambda: now[0])
    for _ in range(2):
        await outcome(shaky, rates=rates)
        now[0] += 10
    with pytest.raises(ToolError) as caught:
        await outcome(shaky, rates=rates)
    info = caught.value.info
    assert (info.code, info.retryable, info.retry_after_s) == (ErrorCode.TOOL_FAILED, True, 40.0)
    assert "called 2 times within a minute" in info.message and "in 40 s" in info.cure and len(keys) == 2
    now[0] += 40
    assert await outcome(shaky, rates=rates) == "done"


@given(steps=st.lists(st.floats(0, 90), max_size=60), most=st.integers(1, 5))
async def test_in_no_minute_are_there_more_calls_than_may_be_and_who_waits_as_told_is_let_in(steps: list[float], most: int) -> None:
    now, made = [0.0], []
    rates = RatesHere(lambda: now[0])
    for step in steps:
        now[0] += step
        wait = await rates.take("x", most)
        if wait:
            now[0] += wait + 1e-6
            assert await rates.take("x", most) == 0.0
        made.append(now[0])
    for at in made:
        assert sum(at <= other < at + 59.999 for other in made) <= most


lowered = st.builds(
    Lowered,
    timeout_s=st.none() | st.floats(0.1, 100),
    retries=st.none() | st.integers(0, 20),
    per_minute=st.none() | st.integers(1, 1000),
)


@given(own=st.builds(Terms, st.floats(0.1, 60), st.builds(Retry, st.integers(0, 10)), st.none() | st.integers(1, 100)), less=lowered)
def test_a_workspace_only_lowers(own: Terms, less: Lowered) -> None:
    found = own.within(less)
    assert found.timeout_s <= own.timeout_s and found.retry.times <= own.retry.times
    assert own.per_minute is None or (found.per_minute is not None and found.per_minute <= own.per_minute)
    assert own.within(Lowered()) == own and found.within(less) == found
    assert less.per_minute is None or (found.per_minute or 0) <= less.per_minute


async def test_the_lowered_terms_are_those_of_the_call() -> None:
    shaky, keys = failing(2, ConnectionError(), safety="pure", retry=Retry(3, 0.01, on=(ConnectionError,)))
    with pytest.raises(ToolError):
        await outcome(shaky, enabled={"shaky": Lowered(retries=1)})
    assert len(keys) == 2

    @tool(safety="pure")
    async def slow() -> None:
        """Sleep."""
        await asyncio.sleep(5)

    with pytest.raises(ToolError, match=r"did not finish within 0\.1 s"):
        await outcome(slow, enabled={"slow": Lowered(timeout_s=0.1)})


@pytest.mark.parametrize("made", [lambda: Retry(-1), lambda: Retry(11), lambda: Retry(1, 0), lambda: Retry(1, 61)])
def test_endless_tries_cannot_be_declared(made: Callable[[], Retry]) -> None:
    with pytest.raises(ValueError, match="times is 0 to 10"):
        made()


async def test_the_price_of_a_call_that_was_answered_is_its_usage_and_a_failed_one_is_free() -> None:
    shaky, _ = failing(1, ValueError("no"), safety="pure", price_nano_usd=5_000)
    clock = ManualClock()
    host = host_of(ScriptedModel(), toolbox(more=[shaky]), MemoryLog(), FixedAuthority(), clock)
    use = ToolUse("shaky", {}, agent="", safety=Safety.PURE, own_tools=None)
    with pytest.raises(ToolError) as caught:
        await use.act(host, call_context())
    assert caught.value.usage is None
    result, usage = await use.act(host, call_context())
    assert result == "done" and usage is not None and (usage.cost_nano_usd, usage.input_tokens, usage.priced) == (5_000, 0, True)
    free = ToolUse("calculator", {"expression": "1"}, agent="", safety=Safety.PURE, own_tools=None)
    assert (await free.act(host, call_context()))[1] is None
