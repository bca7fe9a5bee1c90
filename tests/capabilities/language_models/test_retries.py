"""Trying again is bounded, patient, and never turns a part into a whole."""

import asyncio
from dataclasses import dataclass, field

import pytest

from orchestrator.capabilities.egress.client import Egress
from orchestrator.capabilities.language_models.openai_wire import OpenAIWire
from orchestrator.capabilities.language_models.retries import RESTART, Backoff, RetryingModel
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, Usage, text_parts
from orchestrator.engine.errors import ErrorCode, ModelError
from orchestrator.engine.ports import CallContext, FailedAttempt
from orchestrator.engine.testing import call_context
from tests.capabilities.language_models.asking import ask, request
from tests.model_server import ModelServer, Reply


@dataclass
class Flaky:
    """Streams a piece and fails, as often as told; then answers."""

    failures: list[ModelError]
    piece: str = "part "
    calls: int = 0

    async def complete(self, wish: ModelRequest, call: CallContext) -> ModelReply:
        self.calls += 1
        if self.piece:
            call.on_delta(self.piece)
        if self.failures:
            raise self.failures.pop(0)
        call.on_delta("whole")
        return ModelReply(message=Message(role=Role.ASSISTANT, content=text_parts("part whole")), model=wish.model, finish="stop")


@dataclass
class Naps:
    taken: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def failed(*, retryable: bool = True, after: float | None = None) -> ModelError:
    return ModelError("no", code=ErrorCode.MODEL_UNAVAILABLE, retryable=retryable, retry_after_s=after)


def patient(inner: Flaky, naps: Naps, chance: float = 1.0, **plan: float) -> RetryingModel:
    return RetryingModel(inner, Backoff(**plan), sleep=naps, chance=lambda: chance)  # type: ignore[arg-type]


async def test_waits_grow_and_end() -> None:
    naps, inner = Naps(), Flaky([failed() for _ in range(9)])
    with pytest.raises(ModelError):
        await ask(patient(inner, naps, first_s=1.0, longest_s=3.0, attempts=5), request("x/y"))
    assert naps.taken == [1.0, 2.0, 3.0, 3.0]
    assert inner.calls == 5


async def test_each_failed_attempt_is_told_with_its_wait_and_its_cost() -> None:
    told: list[FailedAttempt] = []
    first, second, last = failed(), failed(after=7.0), failed(retryable=False)
    second.usage = last.usage = Usage(input_tokens=5, output_tokens=2, estimated=True)
    with pytest.raises(ModelError) as caught:
        await patient(Flaky([first, second, last]), Naps(), first_s=1.0).complete(
            request("x/y"), call_context(on_failed_attempt=told.append)
        )
    assert told == [FailedAttempt(1, first.info, 1.0), FailedAttempt(2, second.info, 7.0, second.usage)]
    assert caught.value is last and last.usage is not None


async def test_jitter_spreads_the_waits() -> None:
    naps = Naps()
    await ask(patient(Flaky([failed()]), naps, chance=0.0, first_s=1.0), request("x/y"))
    assert naps.taken == [0.5]


async def test_the_provider_decides_how_long_at_least() -> None:
    naps = Naps()
    await ask(patient(Flaky([failed(after=7.0)]), naps), request("x/y"))
    assert naps.taken == [7.0]


async def test_a_provider_that_asks_for_too_much_is_not_waited_for() -> None:
    naps, inner = Naps(), Flaky([failed(after=3600.0)])
    with pytest.raises(ModelError) as caught:
        await ask(patient(inner, naps), request("x/y"))
    assert (naps.taken, inner.calls, caught.value.info.retry_after_s) == ([], 1, 3600.0)


async def test_what_cannot_pass_is_not_tried_again() -> None:
    inner = Flaky([failed(retryable=False)])
    with pytest.raises(ModelError):
        await ask(patient(inner, Naps()), request("x/y"))
    assert inner.calls == 1


async def test_listeners_are_told_when_what_they_heard_is_void() -> None:
    reply, heard = await ask(patient(Flaky([failed(), failed()]), Naps()), request("x/y"))
    assert heard == ["part ", RESTART, "part ", RESTART, "part ", "whole"]
    assert "".join(heard).rpartition(RESTART)[2] == reply.message.text == "part whole"


async def test_nothing_is_void_when_nothing_was_heard() -> None:
    _, heard = await ask(patient(Flaky([failed()], piece=""), Naps()), request("x/y"))
    assert heard == ["whole"]


async def test_a_cut_stream_is_asked_again_and_its_part_forgotten(model_server: ModelServer) -> None:
    model_server.script(Reply(text="one two three four", fault="cut"), Reply(status=500), Reply(text="all of it"))
    wire = OpenAIWire(base=model_server.base, key="", egress=Egress(private_hosts=[f"127.0.0.1:{model_server.port}"]))
    reply, heard = await ask(RetryingModel(wire, Backoff(first_s=0.01)), request("openai/gpt-x"))
    assert reply.message.text == "all of it" == "".join(heard).rpartition(RESTART)[2]
    assert len(model_server.requests) == 3


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fault", "calls"),
    [("401", 1), ("400", 1), ("429", 3), ("500", 3), ("html", 3), ("truncated", 3), ("empty-choices", 3), ("cut", 3), ("drop", 3)],
)
async def test_twenty_callers_at_once_each_get_their_error(model_server: ModelServer, fault: str, calls: int, stream: bool) -> None:
    wire = OpenAIWire(base=model_server.base, key="", egress=Egress(private_hosts=[f"127.0.0.1:{model_server.port}"]), stream=stream)
    model = RetryingModel(wire, Backoff(attempts=3, first_s=0.001, longest_s=0.002))
    answers = await asyncio.gather(*(ask(model, request(f"openai/fault-{fault}")) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(answer, ModelError) and answer.info.cure for answer in answers)
    assert len({answer.info.code for answer in answers if isinstance(answer, ModelError)}) == 1
    assert len(model_server.requests) == 20 * calls


async def test_cancelling_ends_the_waiting(model_server: ModelServer) -> None:
    model_server.script(Reply(status=429, retry_after="30"))
    wire = OpenAIWire(base=model_server.base, key="", egress=Egress(private_hosts=[f"127.0.0.1:{model_server.port}"]))
    task = asyncio.create_task(ask(RetryingModel(wire), request("openai/gpt-x")))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(model_server.requests) == 1
