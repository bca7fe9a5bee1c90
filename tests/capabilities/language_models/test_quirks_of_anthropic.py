"""Anthropic as it really answers, through LiteLLM: what it does, what the run sees of it, and how many calls that takes."""

import logging
from typing import Any, Final

import pytest

from orchestrator.engine.errors import ErrorCode, ModelError
from orchestrator.engine.ids import Json
from orchestrator.engine.testing import call_context
from tests.capabilities.language_models.asking import ByLiteLLM, ask, request
from tests.capabilities.language_models.quirk import FOUND, KEY, LABEL, LOOKUP, UNCORRECTED, Quirk, bench, cases, check
from tests.model_server import ModelServer, Reply, anthropic

WAYS: Final = ("anthropic", "anthropic whole")
STREAM: Final = WAYS[:1]
UNREAD: Final = (ErrorCode.MODEL_BAD_REPLY, 1)
COUNTS: Final = {"input_tokens": 3, "output_tokens": 4}
PING: Final = {"tools": ["ping"]}


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def thinks(thought: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": thought, "signature": "c2lnbmF0dXJl"}


def calls(name: str, arguments: Json, id: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": name, "input": arguments}


def answers(*blocks: dict[str, Any], **more: Any) -> Reply:
    return Reply(parts=list(blocks), **more)


def ends(word: str, sees: Json | ErrorCode, *more: Reply) -> Quirk:
    return Quirk(f"Anthropic ends with {word}", (Reply(text="Good.", finish=word), *more), sees, 1 + len(more), limits=UNCORRECTED)


def refuses(status: int, message: str, sees: Json | ErrorCode, times: int = 1, **more: Any) -> Quirk:
    reply = Reply(status=status, body=anthropic.error(status, message), **more)
    return Quirk(f"Anthropic's {status}: {message[:30]}", (reply,) * times, sees, times)


REDACTED: Final = {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix"}
DROPPED: Final = Reply(text="one two three", fault="drop_connection", fault_after=3)
ORDER: Final = {"order_id": "A1"}
BARE: Final = {"id": "msg_1", "type": "message", "role": "assistant", "model": "quirky", "stop_sequence": None, "usage": COUNTS}

QUIRKS: Final = (
    # What is said
    Quirk("Anthropic says a text", (Reply(text="Good day to you."),), "Good day to you."),
    Quirk("Anthropic says several blocks", (answers(text("Go"), text("od.")),), "Good."),
    Quirk("Anthropic thinks", (answers(thinks("Hm hm"), text("Good.")),), "Good.", reasoning="Hm hm"),
    Quirk("Anthropic thinks in secret", (answers(REDACTED, text("Good.")),), "Good.", reasoning=""),
    Quirk("Anthropic says a block of an unknown kind", (answers({"type": "news", "x": 1}, text("Good.")),), "Good."),
    Quirk("Anthropic says no block", (answers(), FOUND), "Found.", 2),
    Quirk("Anthropic answers by a schema", (Reply(text='{"label": "late"}'),), {"label": "late"}, agent={"output_schema": LABEL}),
    Quirk(
        "Anthropic answers by a schema, with a call",
        (answers(calls("json_tool_call", {"label": "late"})),),
        {"label": "late"},
        agent={"output_schema": LABEL},
    ),
    # What tools are asked for
    Quirk("Anthropic calls", (answers(calls("lookup", ORDER)), FOUND), "Found.", 2, agent=LOOKUP),
    Quirk(
        "Anthropic says a text and calls twice",
        (answers(text("I look."), calls("lookup", ORDER), calls("lookup", ORDER, "toolu_2")), FOUND),
        "Found.",
        2,
        agent=LOOKUP,
    ),
    Quirk("Anthropic thinks and calls", (answers(thinks("Hm"), calls("lookup", ORDER)), FOUND), "Found.", 2, agent=LOOKUP, reasoning="Hm"),
    Quirk("Anthropic calls without arguments", (answers(calls("ping", {})), FOUND), "Found.", 2, agent=PING),
    Quirk("Anthropic announces a call only", (Reply(text="I call.", finish="tool_use"), FOUND), "Found.", 2, agent=LOOKUP, unmade=True),
    Quirk(
        "Anthropic calls, then answers by a schema",
        (answers(calls("lookup", ORDER)), answers(calls("json_tool_call", {"label": "late"}))),
        {"label": "late"},
        2,
        agent={"output_schema": LABEL} | LOOKUP,
    ),
    # Why it ended
    *(ends(word, "Good.") for word in ("end_turn", "stop_sequence", "a_new_word")),
    *(ends(word, ErrorCode.MODEL_BAD_REPLY) for word in ("max_tokens", "model_context_window_exceeded", "compaction")),
    ends("refusal", ErrorCode.MODEL_REFUSED),
    ends("pause_turn", "Good. Good.", Reply(text=" Good.")),
    Quirk("Anthropic refuses without a word", (answers(finish="refusal"),), ErrorCode.MODEL_REFUSED),
    # What it cost
    Quirk("Anthropic counts nothing", (Reply(text="Good.", usage=False),), "Good."),
    *(Quirk(f"Anthropic counts {usage!r}", (Reply(text="Good.", usage=usage),), "Good.") for usage in (None, "many", -5, [], {})),
    *(
        Quirk(f"Anthropic counts {count!r} tokens", (Reply(text="Good.", usage=dict.fromkeys(COUNTS, count)),), "Good.")
        for count in (None, "3", -5, 0, 10**20, float("nan"), [])
    ),
    # How it is sent
    Quirk("Anthropic's HTML with status 200", (Reply(fault="html"),) * 3, ErrorCode.MODEL_BAD_REPLY, 3),
    Quirk("Anthropic's JSON cut", (Reply(text="one two three four", fault="truncated_json"), FOUND), "Found.", 2),
    Quirk("Anthropic's stream cut", (Reply(text="one two three four", fault="cut"),) * 3, ErrorCode.MODEL_STREAM_CUT, 3, STREAM),
    Quirk(
        "Anthropic's stream cut behind a call",
        (answers(calls("lookup", ORDER), text("I look"), fault="cut", fault_after=7), FOUND),
        "Found.",
        2,
        STREAM,
        LOOKUP,
        unmade=True,
    ),
    Quirk("Anthropic's connection cut once", (DROPPED, FOUND), "Found.", 2),
    Quirk("Anthropic's connections cut", (DROPPED,) * 3, ErrorCode.MODEL_STREAM_CUT, 3, STREAM),
    Quirk("Anthropic's connections cut at once", (DROPPED,) * 3, ErrorCode.MODEL_UNAVAILABLE, 3, WAYS[1:]),
    Quirk("Anthropic fails in its stream", (Reply(text="one two", fault="error_chunk"),) * 3, ErrorCode.MODEL_UNAVAILABLE, 3, STREAM),
    Quirk("Anthropic fails at once with status 200", (Reply(body=anthropic.OVERLOADED),) * 3, ErrorCode.MODEL_UNAVAILABLE, 3),
    Quirk("Anthropic stalls", (Reply(text="one two", fault="stall"),) * 3, ErrorCode.MODEL_TIMEOUT, 3, limits={"max_call_seconds": 0.4}),
    Quirk("Anthropic gives no content", (Reply(body=BARE | {"content": None, "stop_reason": "end_turn"}), FOUND), *UNREAD, WAYS[1:]),
    Quirk("Anthropic gives an empty object", (Reply(body={}),), *UNREAD, WAYS[1:]),
    # How it says no
    refuses(400, "temperature: range: 0..1", ErrorCode.MODEL_BAD_REQUEST),
    refuses(400, "Your credit balance is too low to access the Anthropic API.", ErrorCode.MODEL_NO_CREDIT),
    refuses(401, "invalid x-api-key", ErrorCode.MODEL_AUTH),
    refuses(404, "model: quirky", ErrorCode.MODEL_UNKNOWN),
    refuses(413, "Request exceeds the maximum size", ErrorCode.MODEL_BAD_REQUEST),
    refuses(429, "This would exceed your limit", ErrorCode.MODEL_RATE_LIMITED, 3, retry_after="0"),
    refuses(429, "This would exceed your limit for long", ErrorCode.MODEL_RATE_LIMITED, 1, retry_after="3600"),
    refuses(500, "Internal server error", ErrorCode.MODEL_UNAVAILABLE, 3),
    refuses(529, "Overloaded", ErrorCode.MODEL_UNAVAILABLE, 3, retry_after="0"),
    refuses(529, "Overloaded for long", ErrorCode.MODEL_UNAVAILABLE, 1, retry_after="3600"),
    Quirk("Anthropic's 307", (Reply(status=307, location="https://example.com/v1"),), ErrorCode.MODEL_BAD_REQUEST),
)


@pytest.mark.parametrize(("quirk", "way"), cases(QUIRKS, WAYS))
async def test_a_run_sees_an_answer_or_an_error_with_a_cure(
    quirk: Quirk, way: str, model_server: ModelServer, request: pytest.FixtureRequest
) -> None:
    """F09, W11, B03"""
    await check(quirk, way, model_server, request)


@pytest.mark.parametrize("way", WAYS)
async def test_the_wait_that_is_asked_for_is_told(way: str, model_server: ModelServer) -> None:
    model_server.script(Reply(status=529, retry_after="3600", body=anthropic.error(529, "Overloaded")))
    state = await bench(model_server, way, {}, {}).finish("Say something")
    assert state.error is not None and "(529): Overloaded" in state.error.message and "left alone for 3600 s" in state.error.message


@pytest.mark.parametrize("way", WAYS)
async def test_an_answer_by_a_schema_leaves_the_choice_of_tools(way: str, model_server: ModelServer) -> None:
    """LiteLLM makes a tool of the schema, and would have it called in place of any other."""
    model_server.script(answers(calls("lookup", ORDER)), Reply(text='{"label": "late"}'))
    state = await bench(model_server, way, {"output_schema": LABEL} | LOOKUP, {}).finish("Say something")
    assert state.output == {"label": "late"}, state.error
    for asked in model_server.requests:
        assert asked.body["tool_choice"] == {"type": "auto"}
        assert {tool["name"] for tool in asked.body["tools"]} == {"lookup", "json_tool_call"}


@pytest.mark.parametrize("stream", [True, False])
async def test_what_is_cached_is_counted_as_asked(stream: bool, model_server: ModelServer) -> None:
    cached = COUNTS | {"cache_read_input_tokens": 100, "cache_creation_input_tokens": 50}
    model_server.script(Reply(text="Good.", usage=cached))
    reply, _ = await ask(ByLiteLLM(model_server, KEY, "anthropic", stream=stream), request("anthropic/claude-sonnet-4-5"))
    usage = reply.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.estimated) == (153, 4, 100, False) and usage.priced


@pytest.mark.parametrize("stream", [True, False])
async def test_s01_the_key_is_in_no_error_or_log(stream: bool, model_server: ModelServer, caplog: pytest.LogCaptureFixture) -> None:
    """S01"""
    caplog.set_level(logging.DEBUG)
    model = ByLiteLLM(model_server, KEY, "anthropic", stream=stream)
    for reply in (Reply(status=401, text=f"invalid x-api-key {KEY}"), Reply(body=anthropic.error(529, f"No {KEY}")), Reply(fault="html")):
        model_server.script(reply)
        with pytest.raises(ModelError) as caught:
            await model.complete(request("anthropic/quirky", "canary-in-the-prompt"), call_context())
        assert KEY not in repr(caught.value) + caught.value.info.model_dump_json()
    await ask(model, request("anthropic/quirky", "canary-in-the-prompt"))
    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert KEY not in logged and "canary-in-the-prompt" not in logged
    assert [seen.key for seen in model_server.requests] == [KEY] * 4
