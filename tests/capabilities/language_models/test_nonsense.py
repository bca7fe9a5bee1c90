"""Whatever an endpoint sends, what goes on from here has a known shape and bounded numbers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.capabilities.language_models.failures import LONGEST_WAIT_S, retry_after
from orchestrator.capabilities.language_models.pricing import usage_of
from orchestrator.capabilities.language_models.replies.assembly import Assembly
from orchestrator.engine.effects.model import MOST_NANO_USD, MOST_TOKENS, Message, Role, text_parts
from orchestrator.engine.errors import ErrorCode, ModelError
from tests.capabilities.language_models.asking import request

TEXT = st.text(max_size=5) | st.sampled_from(["\ud800", "a\udc00b", "\x00"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT)
JSON = st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)))
USAGE = st.fixed_dictionaries({}, optional={"prompt_tokens": JSON, "completion_tokens": JSON, "prompt_tokens_details": JSON}) | JSON


@given(USAGE)
def test_usage_is_bounded_whatever_was_reported(reported: Any) -> None:
    usage = usage_of(request("openai/gpt-5-mini"), Message(role=Role.ASSISTANT, content=text_parts("x")), reported)
    assert 0 < usage.input_tokens <= MOST_TOKENS and 0 < usage.output_tokens <= MOST_TOKENS
    assert 0 <= usage.cached_tokens <= usage.input_tokens
    assert 0 < usage.cost_nano_usd <= MOST_NANO_USD < 2**63 / 1000


def test_cached_tokens_that_cannot_be_are_left_out() -> None:
    for cached, counted in ((5, 5), (-1, 0), (10**20, 0), ("5", 0), (None, 0), (11, 10)):
        reported = {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": cached}}
        assert usage_of(request("openai/gpt-5-mini"), Message(role=Role.ASSISTANT), reported).cached_tokens == counted


def fields(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with some of its fields as they should be, and some of any shape."""
    return st.fixed_dictionaries({}, optional={name: value | JSON for name, value in known.items()}) | JSON


FUNCTION = fields(name=TEXT, arguments=TEXT | JSON)
CALL = fields(index=st.just(0), id=st.just("a"), function=FUNCTION)
PARTS = st.lists(fields(type=st.sampled_from(["text", "thinking", "refusal"]), text=TEXT, thinking=TEXT), max_size=2)
SAID = TEXT | PARTS | st.sampled_from(["<thi", "nk>", "</think>", "\ud83d", "\ude00"])
DELTA = fields(content=SAID, reasoning=SAID, refusal=TEXT, tool_calls=st.lists(CALL, max_size=2), function_call=FUNCTION)
CHOICE = fields(index=st.just(0), delta=DELTA, message=DELTA, finish_reason=st.sampled_from(["stop", "tool_calls", "length", "error", "x"]))
CHUNK = st.fixed_dictionaries({}, optional={"model": st.just("m") | JSON, "usage": USAGE, "choices": st.lists(CHOICE, max_size=2) | JSON})


@given(st.lists(CHUNK, max_size=4))
def test_a_stream_of_any_shape_is_an_answer_or_a_failure_of_the_model(chunks: list[dict[str, Any]]) -> None:
    assembly = Assembly(request("openai/gpt-5-mini"), lambda _text: None)
    try:
        for chunk in chunks:
            assembly.take(chunk)
        reply = assembly.reply()
    except ModelError as error:
        assert error.info.cure and error.info.code in (ErrorCode.MODEL_BAD_REPLY, ErrorCode.MODEL_STREAM_CUT)
        spent = assembly.spent()
        assert spent is None or 0 < spent.input_tokens <= MOST_TOKENS
    else:
        assert reply.model and "\x00" not in reply.model_dump_json()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0.5", 0.5), ("-3", 0), ("1e30", LONGEST_WAIT_S), ("inf", LONGEST_WAIT_S), ("-inf", 0)]
    + [("nan", None), ("", None), ("soon", None), ("Thu, 01 Jan 99999 00:00:00 GMT", None)]
    + [("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT_S)],
)
def test_the_wait_a_provider_asks_for_is_bounded(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}) == seconds


@pytest.mark.parametrize(("value", "seconds"), [("250", 0.25), ("-1", 0), ("1e30", LONGEST_WAIT_S), ("nan", None), ("soon", None)])
def test_a_wait_in_milliseconds_is_bounded_as_well(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after-ms": value}) == seconds


def test_a_date_to_wait_for_is_a_number_of_seconds() -> None:
    wait = retry_after({"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)})
    assert wait is not None and 25 < wait <= 30
