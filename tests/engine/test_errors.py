"""Errors carry a code, words and a cure, and what is recorded of one is enough to raise it again."""

import pytest

from orchestrator.engine import errors as e
from orchestrator.engine.agents.answer import BadReply, ModelRefused
from orchestrator.engine.document.problems import GraphInvalid
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.errors import EngineError, ErrorCode, ErrorInfo, failure_of
from orchestrator.engine.ids import Path

FAMILIES: list[tuple[type[EngineError], str, str, bool]] = [
    (e.EngineError, "internal", "", False),
    (e.ExpressionFailed, "expression_failed", "", False),
    (e.LimitExceeded, "limit_exceeded", "", False),
    (e.EndsRun, "internal", "", True),
    (e.RunLimitReached, "limit_exceeded", "", True),
    (
        e.LoopEnteredAgain,
        "invalid_graph",
        "Let one value enter the loop: close its way in after the first with a condition, or put the loop into a map.",
        True,
    ),
    (e.ModelError, "model_unavailable", "", False),
    (e.ToolError, "tool_failed", "", False),
    (e.MemoryFailed, "tool_failed", "", False),
    (e.Refused, "refused", "Ask an administrator to allow it in the policy or to grant it to the agent.", False),
    (e.Rejected, "rejected", "", False),
    (e.ReplayDiverged, "replay_diverged", "Run the graph version that wrote this log; it cannot be continued with another.", True),
    (e.IllegalTransition, "internal", "", False),
    (BadReply, "model_bad_reply", "", False),
    (ModelRefused, "model_refused", ModelRefused.cure, False),
]


@pytest.mark.parametrize(("kind", "code", "cure", "ends_run"), FAMILIES, ids=[row[0].__name__ for row in FAMILIES])
def test_error_of_each_family_has_its_code_its_words_and_its_cure(kind: type[EngineError], code: str, cure: str, ends_run: bool) -> None:
    info = kind().info
    assert (info.code, info.message, info.cure) == (code, (kind.__doc__ or "").strip(), cure)
    assert (info.retryable, info.retry_after_s, info.path, kind().usage) == (False, None, None, None)
    assert issubclass(kind, e.EndsRun) is ends_run


def test_every_family_is_in_the_table() -> None:
    def below(kind: type[EngineError]) -> set[type[EngineError]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    of_the_engine = {kind for kind in below(EngineError) if kind.__module__.startswith("orchestrator.engine")}
    assert of_the_engine - {GraphInvalid} == {row[0] for row in FAMILIES}


def test_what_is_said_of_one_error_goes_before_what_its_family_says() -> None:
    error = e.Refused("no", code=ErrorCode.REJECTED, cure="ask", retryable=True, retry_after_s=3.5, path=Path("a#1"))
    expected = ErrorInfo(code=ErrorCode.REJECTED, message="no", cure="ask", retryable=True, retry_after_s=3.5, path=Path("a#1"))
    assert (str(error), error.info) == ("no", expected)
    assert e.EngineError("x", retryable=False).info.retryable is False


@pytest.mark.parametrize(
    ("kind", "family"), [("model", e.ModelError), ("tool", e.ToolError), ("human", EngineError), ("random", EngineError)]
)
def test_failed_effect_raises_again_what_it_raised(kind: str, family: type[EngineError]) -> None:
    info = ErrorInfo(code=ErrorCode.TIMEOUT, message="late", cure="wait", retryable=True, retry_after_s=1.0, path=Path("a#1/x.1"))
    error = failure_of(kind, info)
    assert type(error) is family and error.info is info and str(error) == "late"


def test_what_stops_a_worker_is_no_failure_of_the_run() -> None:
    """No node can catch it by mistake, and no error port takes it."""
    for kind in (e.LeaseLost, e.HostUnavailable):
        assert issubclass(kind, BaseException) and not issubclass(kind, Exception)
    assert not issubclass(e.UnknownEvent, EngineError)


def test_usage_is_said_of_one_error_and_not_of_its_family() -> None:
    error = e.ModelError("x")
    error.usage = Usage(input_tokens=1)
    assert e.ModelError("y").usage is None


def test_error_is_the_same_after_it_was_recorded_and_read() -> None:
    info = e.ToolError("x", cure="y", retryable=True, retry_after_s=0.5, path=Path("a#1")).info
    assert ErrorInfo.model_validate_json(info.model_dump_json()) == info


def test_error_of_a_family_that_says_nothing_has_no_words_made_up_for_it() -> None:
    silent = type("Silent", (EngineError,), {})
    assert silent().info.message == ""
