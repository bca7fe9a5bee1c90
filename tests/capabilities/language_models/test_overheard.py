"""What a provider says on the wire is heard however it is cut, and whatever it is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.capabilities.language_models.replies.overheard import Overheard
from orchestrator.engine.effects.model import MOST_TOKENS
from tests.model_server import Reply, anthropic, gemini

STREAM = {"Content-Type": "text/event-stream; charset=utf-8"}
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
JSON = st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)))
NAMES = ("choices", "candidates", "delta", "stop_reason", "promptFeedback", "usage", "usageMetadata", "message", "error", "type")
SAID = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5) | JSON


def heard(data: bytes, *, size: int = 1 << 20, headers: dict[str, str] = STREAM, status: int = 200) -> Overheard:
    listener = Overheard()
    listener.begin(status, headers)
    for start in range(0, len(data), size):
        listener.take(data[start : start + size])
    listener.end()
    return listener


def handed_on(data: bytes, size: int, headers: dict[str, str] = STREAM) -> list[Any]:
    """The events that LiteLLM gets."""
    listener = Overheard()
    listener.begin(200, headers)
    passed = b"".join([*(listener.take(data[at : at + size]) for at in range(0, len(data), size)), listener.end()])
    return [json.loads(line[6:]) for line in passed.splitlines() if line.startswith(b"data: {")]


def told(listener: Overheard) -> tuple[Any, ...]:
    return listener.finish, listener.ended, listener.counted, listener.malformed, listener.error, listener.error_status


STREAMS = {
    "anthropic": "".join((*anthropic.frames("m", Reply(text="Good day.")), *anthropic.tail(Reply(finish="max_tokens")))),
    "gemini": "".join((*gemini.frames("m", Reply(text="Good day.")), *gemini.tail("m", Reply(text="Good day.", finish="SAFETY")))),
    "openai": 'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":null}]}\n\n'
    'data: {"choices":[{"delta":{},"finish_reason":"model_length"}],"usage":{"prompt_tokens":1}}\n\ndata: [DONE]\n\n',
}
WORDS = {"anthropic": "max_tokens", "gemini": "SAFETY", "openai": "model_length"}


@pytest.mark.parametrize("form", STREAMS)
@given(size=st.integers(1, 300))
def test_the_end_is_heard_wherever_a_stream_is_cut_into_pieces(form: str, size: int) -> None:
    listener = heard(STREAMS[form].encode(), size=size)
    assert (listener.finish, listener.counted, listener.malformed, listener.error) == (WORDS[form], True, "", "")
    assert listener.ended is (form != "gemini")


@pytest.mark.parametrize("form", STREAMS)
@given(part=st.floats(0, 0.75))
def test_a_stream_that_breaks_off_has_no_end(form: str, part: float) -> None:
    data = STREAMS[form].encode()
    last = data.rindex(b"data: {", 0, data.rindex(WORDS[form].encode()))
    listener = heard(data[: int(last * part)])
    assert listener.finish is None and not listener.ended


@given(st.lists(SAID | st.binary(max_size=20), max_size=4), st.integers(1, 50), st.sampled_from([STREAM, {}]), st.sampled_from([200, 500]))
def test_nothing_that_is_said_is_an_error_of_ours(events: list[Any], size: int, headers: dict[str, str], status: int) -> None:
    data = b"".join(b"data: " + (said if isinstance(said, bytes) else json.dumps(said).encode()) + b"\n\n" for said in events)
    one, other = (heard(data, size=each, headers=headers, status=status) for each in (size, 1 << 20))
    assert told(one) == told(other) and one.body == other.body
    assert one.finish is None or isinstance(one.finish, str)
    assert 100 <= one.error_status <= 999


@pytest.mark.parametrize("form", STREAMS)
@given(size=st.integers(1, 300))
def test_what_is_as_it_should_be_goes_on_as_it_is(form: str, size: int) -> None:
    events = [json.loads(line[6:]) for line in STREAMS[form].splitlines() if line.startswith("data: {")]
    assert handed_on(STREAMS[form].encode(), size) == events


@given(SAID)
def test_counts_that_go_on_are_numbers_of_tokens(said: Any) -> None:
    for event in handed_on(b"data: " + json.dumps(said).encode() + b"\n\n", 50) if isinstance(said, dict) else ():
        for usage in (event.get("usage"), event.get("usageMetadata")):
            counts = usage if isinstance(usage, dict) else {}
            numbers = [*counts.values(), *(value for inner in counts.values() if isinstance(inner, dict) for value in inner.values())]
            assert all(isinstance(number, dict) or (type(number) is int and 0 <= number <= MOST_TOKENS) for number in numbers)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (anthropic.OVERLOADED, 529),
        (anthropic.error(429, "Slower"), 429),
        (gemini.error(503, "Later"), 503),
        (gemini.error(400, "No"), 400),
        ({"error": {"message": "Overloaded", "code": "overloaded"}}, 500),
        ({"error": "No"}, 500),
    ],
)
def test_an_error_that_comes_with_status_200_has_the_status_that_it_means(body: dict[str, Any], status: int) -> None:
    listener = heard(json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    assert (json.loads(listener.error), listener.error_status) == (body, status)


def test_of_a_refusal_as_much_is_kept_as_is_read() -> None:
    listener = heard(b"x" * 200_000, size=1000, status=500)
    assert len(listener.body) == 65_536 and listener.refused
