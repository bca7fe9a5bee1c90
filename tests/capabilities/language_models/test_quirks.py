"""Models as they really answer: what a server does, what the run sees of it, and how many calls that takes.

Each case is a whole run of one agent over the real adapters, against a real server.
"""

from typing import Any, Final

import pytest

from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.ids import Json
from tests.capabilities.language_models.quirk import FOUND, LABEL, LOOKUP, UNCORRECTED, Quirk, bench, cases, check
from tests.model_server import ModelServer, Reply, ToolWish

WAYS: Final = ("stream", "whole", "litellm", "litellm whole")
EMPTY: Final = ("Echo: Your answer was empty. Answer the task.", 2)
"""LiteLLM hands on nothing at all, so the agent asks again."""
UNTHOUGHT: Final[dict[str, Any]] = {"litellm": ("Good.", 1), "litellm whole": ("Good.", 1)}
"""LiteLLM does not hand on what the model thought."""
UNREAD: Final = (ErrorCode.MODEL_BAD_REPLY, 1)
"""LiteLLM cannot read it, and asking again would not help."""
UNREAD_BOTH: Final = dict.fromkeys(WAYS[2:], UNREAD)
DROPPED: Final = {"litellm": EMPTY, "litellm whole": UNREAD}


def says(text: Any, **more: Any) -> Reply:
    return Reply(message={"role": "assistant", "content": text, **more})


def asks(call: dict[str, Any], **more: Any) -> Reply:
    return Reply(message={"role": "assistant", "content": None, **more, **call}, finish="tool_calls")


def call(arguments: Any, id: Any = "c1", name: str = "lookup", **more: Any) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


STREAM: Final = ("stream", "litellm")
ARGUED: Final = '{"order_id": "A1"}'
WISH: Final = ToolWish(name="lookup", arguments=ARGUED)
DROPPED_CONNECTION: Final = Reply(text="one two three", fault="drop_connection")
ROUND: Final = Reply(status=307, location="/v1/chat/completions")
UNFOLLOWED: Final = dict.fromkeys(WAYS[2:], (ErrorCode.MODEL_BAD_REQUEST, 1))
LATE: Final = Reply(text='{"label": "late"}')


def finishes(word: Any, sees: Json | ErrorCode, calls: int = 1, **more: Any) -> Quirk:
    return Quirk(f"finish word {word!r}", (Reply(text="Good.", finish=word),) * calls, sees, calls, **more)


def uses(usage: Any, name: str = "") -> Quirk:
    return Quirk(f"usage {name or usage!r}", (Reply(text="Good.", usage=usage),), "Good.")


QUIRKS: Final = (
    # What is said
    Quirk(
        "content as a list of parts",
        (says([{"type": "text", "text": "Go"}, {"type": "text", "text": "od."}]),),
        "Good.",
        lost=DROPPED,
    ),
    Quirk(
        "content with parts of thought",
        (says([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}, {"type": "text", "text": "Good."}]),),
        "Good.",
        reasoning="Hm",
        lost=DROPPED,
    ),
    Quirk("content as a number", (says(7),), ErrorCode.MODEL_BAD_REPLY, lost={"litellm": EMPTY}),
    Quirk(
        "a refusal field",
        (says(None, refusal="I cannot help with that."),),
        ErrorCode.MODEL_REFUSED,
        lost={"litellm": EMPTY, "litellm whole": EMPTY},
    ),
    Quirk("<think> before the answer", (Reply(text="<think>Hm</think>\n\nGood."),), "Good.", reasoning="Hm"),
    Quirk(
        "<think> cut over chunks",
        (Reply(deltas=[{"content": piece} for piece in ("<th", "ink>H", "m</th", "ink>\n", "\nGo", "od.")]),),
        "Good.",
        ways=STREAM,
        reasoning="Hm",
    ),
    Quirk("</think> without its beginning", (Reply(text="Hm\n</think>\n\nGood."),), "Good.", reasoning="Hm"),
    Quirk("a tag later in the answer", (Reply(text="Write <think> and </think>."),), "Write <think> and </think>.", reasoning=""),
    *(
        Quirk(f"{name} beside the answer", (says("Good.", **{name: value}),), "Good.", reasoning="Hm", lost=lost)
        for name, value, lost in (
            ("reasoning_content", "Hm", {}),
            ("reasoning", "Hm", {}),
            ("thinking", "Hm", UNTHOUGHT),
            ("reasoning_details", [{"type": "reasoning.text", "text": "Hm"}], UNTHOUGHT),
        )
    ),
    Quirk(
        "reasoning as a list",
        (says("Good.", reasoning=[{"type": "text", "text": "H"}, "m"]),),
        "Good.",
        reasoning="Hm",
        lost={"litellm whole": UNREAD},
    ),
    Quirk("half a surrogate pair", (Reply(text="Good\ud83d."),), "Good\ufffd."),
    Quirk(
        "a surrogate pair cut over chunks",
        (Reply(deltas=[{"content": "Good \ud83d"}, {"content": "\ude00"}]),),
        "Good \U0001f600",
        ways=STREAM,
    ),
    Quirk("NUL in the answer", (Reply(text="Go\x00od."),), "Go\ufffdod."),
    # What tools are asked for
    Quirk("arguments as an object", (asks({"tool_calls": [call({"order_id": "A1"})]}), FOUND), "Found.", 2, agent=LOOKUP),
    Quirk("arguments null", (asks({"tool_calls": [call(None, name="ping")]}), FOUND), "Found.", 2, agent={"tools": ["ping"]}),
    Quirk("arguments as a list", (asks({"tool_calls": [call([1])]}), FOUND), "Found.", 2, agent=LOOKUP, lost=UNREAD_BOTH, unmade=True),
    Quirk(
        "the old function_call",
        (Reply(message={"content": None, "function_call": {"name": "lookup", "arguments": ARGUED}}, finish="function_call"), FOUND),
        "Found.",
        2,
        agent=LOOKUP,
        lost={"litellm whole": UNREAD},
    ),
    Quirk("calls without an index", (asks({"tool_calls": [call(ARGUED), call(ARGUED, "c2")]}), FOUND), "Found.", 2, agent=LOOKUP),
    Quirk("calls with ids null", (asks({"tool_calls": [call(ARGUED, None), call(ARGUED, None)]}), FOUND), "Found.", 2, agent=LOOKUP),
    Quirk("calls with the same id", (asks({"tool_calls": [call(ARGUED), call(ARGUED)]}), FOUND), "Found.", 2, agent=LOOKUP),
    Quirk(
        "calls all numbered 0, ids null",
        (Reply(deltas=[{"tool_calls": [call(ARGUED, None, index=0)]}] * 2, finish="tool_calls"), FOUND),
        "Found.",
        2,
        STREAM,
        LOOKUP,
    ),
    Quirk(
        "a call that ends with stop",
        (Reply(tools=[WISH], finish="stop"), FOUND),
        "Found.",
        2,
        agent=LOOKUP,
    ),
    Quirk("a call announced but not made", (Reply(text="I call.", finish="tool_calls"), FOUND), "Found.", 2, agent=LOOKUP, unmade=True),
    # Why it ended
    *(finishes(word, "Good.") for word in ("eos_token", "eos", "STOP", "end_turn", "stop_sequence", "COMPLETE")),
    finishes("because", "Good."),
    finishes(3, "Good."),
    *(finishes(word, ErrorCode.MODEL_REFUSED) for word in ("SAFETY", "refusal")),
    *(finishes(word, ErrorCode.MODEL_BAD_REPLY, limits=UNCORRECTED) for word in ("length", "max_tokens", "MAX_TOKENS")),
    *(finishes(word, ErrorCode.MODEL_BAD_REPLY, limits=UNCORRECTED) for word in ("model_length", "model_context_window_exceeded")),
    finishes("error", ErrorCode.MODEL_STREAM_CUT, 3),
    Quirk("finish word 'pause_turn'", (Reply(text="Go", finish="pause_turn"), Reply(text="od.")), "Good.", 2),
    Quirk("no finish word", (Reply(text="Good.", fault="no_finish"),), "Good."),
    Quirk("no finish word and no text", (Reply(fault="no_finish"), FOUND), "Found.", 2),
    # What it cost
    uses(False, "missing"),
    *(uses(value) for value in (None, "many", -5, 10**20, [], {"prompt_tokens": "3"}, {"prompt_tokens": -1, "completion_tokens": 10**20})),
    uses({"prompt_tokens": float("nan"), "completion_tokens": float("nan")}, "NaN"),
    # How it is sent
    Quirk("gzip although not asked for", (Reply(text="Good.", gzip=True),), "Good."),
    Quirk("HTML with status 200", (Reply(fault="html"),) * 3, ErrorCode.MODEL_BAD_REPLY, 3),
    Quirk("cut streams", (Reply(text="one two three four", fault="cut"),) * 3, ErrorCode.MODEL_STREAM_CUT, 3, ways=STREAM),
    Quirk("a stream cut once", (Reply(text="one two three", fault="cut"), FOUND), "Found.", 2, ways=STREAM),
    Quirk("a connection cut once", (Reply(text="one two three", fault="drop_connection"), FOUND), "Found.", 2),
    Quirk("connections cut", (DROPPED_CONNECTION,) * 3, ErrorCode.MODEL_STREAM_CUT, 3, STREAM),
    Quirk("connections cut at once", (DROPPED_CONNECTION,) * 3, ErrorCode.MODEL_UNAVAILABLE, 3, ("whole", "litellm whole")),
    Quirk("an error inside the stream", (Reply(text="one two three", fault="error_chunk"), FOUND), "Found.", 2, ways=STREAM),
    Quirk("a stall", (Reply(text="one two", fault="stall"), FOUND), "Found.", 2, limits={"max_call_seconds": 2}),
    Quirk("stalls", (Reply(text="one two", fault="stall"),) * 3, ErrorCode.MODEL_TIMEOUT, 3, limits={"max_call_seconds": 0.3}),
    # How it says no
    Quirk("402", (Reply(status=402),), ErrorCode.MODEL_NO_CREDIT),
    Quirk("429 for an empty account", (Reply(status=429, text="You exceeded your current quota"),), ErrorCode.MODEL_NO_CREDIT),
    Quirk("429 for too long", (Reply(status=429, retry_after="3600"),), ErrorCode.MODEL_RATE_LIMITED),
    Quirk("429 once", (Reply(status=429, retry_after="0"), FOUND), "Found.", 2),
    Quirk("500s", (Reply(status=500),) * 3, ErrorCode.MODEL_UNAVAILABLE, 3),
    Quirk("401", (Reply(status=401),), ErrorCode.MODEL_AUTH),
    Quirk("307 to itself", (ROUND, FOUND), "Found.", 2, lost=UNFOLLOWED),
    Quirk("307 without end", (ROUND,) * 4, ErrorCode.MODEL_BAD_REPLY, 4, lost=UNFOLLOWED),
    Quirk("307 to another host", (Reply(status=307, location="https://example.com/v1"),), ErrorCode.MODEL_BAD_REQUEST),
    Quirk("302 to itself", (Reply(status=302, location="/v1/chat/completions"),), ErrorCode.MODEL_BAD_REQUEST),
    # What it does not take
    Quirk(
        "json_schema refused",
        (LATE,),
        {"label": "late"},
        2,
        agent={"output_schema": LABEL},
        refuses=("json_schema",),
    ),
    Quirk(
        "any response_format refused",
        (Reply(text='```json\n{"label": "late"}\n```'),),
        {"label": "late"},
        3,
        agent={"output_schema": LABEL},
        refuses=("json_schema", "json_object"),
    ),
    Quirk("stream_options refused", (FOUND,), "Found.", 2, ways=STREAM, refuses=("stream_options",)),
    Quirk("temperature refused", (FOUND,), "Found.", 2, agent={"temperature": 0.5}, refuses=("temperature",)),
    Quirk("max_tokens refused", (FOUND,), "Found.", 2, agent={"max_output_tokens": 99}, refuses=("max_tokens",)),
    Quirk(
        "everything refused",
        (LATE,),
        {"label": "late"},
        6,
        STREAM,
        {"output_schema": LABEL, "temperature": 0.5, "max_output_tokens": 99},
        ("json_schema", "json_object", "stream_options", "temperature", "max_tokens"),
    ),
)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # LiteLLM's
@pytest.mark.parametrize(("quirk", "way"), cases(QUIRKS, WAYS))
async def test_a_run_sees_an_answer_or_an_error_with_a_cure(
    quirk: Quirk, way: str, model_server: ModelServer, request: pytest.FixtureRequest
) -> None:
    """F09, W11, B03"""
    await check(quirk, way, model_server, request)


@pytest.mark.parametrize("way", WAYS)
async def test_what_an_endpoint_does_not_take_is_paid_for_once(way: str, model_server: ModelServer) -> None:
    model_server.refuses["quirky"] = ("json_schema", "temperature", "max_tokens")
    agent = {"output_schema": LABEL, "temperature": 0.5, "max_output_tokens": 99}
    for calls in (4, 5):
        model_server.script(LATE)
        seat = bench(model_server, way, agent, {})
        state = await seat.finish("Say something")
        assert (state.output, len(model_server.requests)) == ({"label": "late"}, calls), state.error
    last = model_server.requests[-1].body
    assert last["response_format"] == {"type": "json_object"} and "temperature" not in last and last["max_completion_tokens"] == 99
    assert '"enum": ["late", "lost"]' in last["messages"][0]["content"]


async def test_what_was_left_out_stands_in_the_log(model_server: ModelServer) -> None:
    model_server.refuses["quirky"] = ("temperature",)
    seat = bench(model_server, "stream", {"temperature": 0.5}, {})
    await seat.finish("Say something")
    [failed] = [event for event in seat.log.events if event.type == "effect_attempt_failed"]
    assert "temperature" in failed.error.message and failed.error.cure and (failed.retry_in_s, failed.usage) == (0.0, None)


async def test_a_wait_beyond_patience_is_told(model_server: ModelServer) -> None:
    model_server.script(Reply(status=429, retry_after="3600"))
    state = await bench(model_server, "stream", {}, {}).finish("Say something")
    assert state.error is not None and "left alone for 3600 s" in state.error.message and state.error.retry_after_s == 3600


@pytest.mark.parametrize("way", ["stream", "litellm", "anthropic", "gemini"])
async def test_n04_the_key_never_goes_to_the_host_of_a_redirect(way: str, model_server: ModelServer) -> None:
    """N04: neither the key nor the prompt is sent to where an endpoint redirects, be it another port of the same machine."""
    with ModelServer() as other:
        for status in (301, 302, 303, 307, 308):
            model_server.script(Reply(status=status, location=f"{other.base}/chat/completions"))
            allowed = [f"127.0.0.1:{other.port}"]
            state = await bench(model_server, way, {}, {}, allowed).finish("Say something")
            assert state.error is not None and state.error.code is ErrorCode.MODEL_BAD_REQUEST
            assert f"127.0.0.1:{other.port}" in state.error.message and state.error.cure
        assert other.requests == [] and len(model_server.requests) == 5


@pytest.mark.parametrize("way", ["stream", "litellm", "anthropic", "gemini whole"])
@pytest.mark.parametrize("target", ["http://169.254.169.254/latest", "file:///etc/passwd", "http://user:pw@127.0.0.1/", "http://["])
async def test_n02_a_redirect_of_an_endpoint_passes_the_egress_rules(target: str, way: str, model_server: ModelServer) -> None:
    """N02"""
    model_server.script(Reply(status=307, location=target))
    state = await bench(model_server, way, {}, {}).finish("Say something")
    assert state.error is not None and state.error.code in (ErrorCode.MODEL_BAD_REQUEST, ErrorCode.MODEL_BAD_REPLY)
    assert len(model_server.requests) == 1 and "user:pw" not in state.error.message


@pytest.mark.parametrize("way", ["whole", "litellm whole", "litellm"])
async def test_n05_a_packed_answer_without_end_is_refused(way: str, model_server: ModelServer) -> None:
    """N05: what an answer is after unpacking counts."""
    model_server.script(Reply(text="x" * (40 * 1024 * 1024), gzip=True))
    state = await bench(model_server, way, {}, {}).finish("Say something")
    assert state.error is not None and state.error.code is ErrorCode.MODEL_BAD_REPLY and not state.error.retryable
    assert len(model_server.requests) == 1
