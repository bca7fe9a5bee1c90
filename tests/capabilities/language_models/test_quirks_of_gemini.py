"""Gemini as it really answers, through LiteLLM: what it does, what the run sees of it, and how many calls that takes."""

import logging
from typing import Any, Final

import pytest

from orchestrator.engine.errors import ErrorCode, ModelError
from orchestrator.engine.ids import Json
from orchestrator.engine.testing import call_context
from tests.capabilities.language_models.asking import ByLiteLLM, ask, request
from tests.capabilities.language_models.quirk import FOUND, KEY, LABEL, LOOKUP, UNCORRECTED, Quirk, bench, cases, check
from tests.model_server import ModelServer, Reply, gemini

WAYS: Final = ("gemini", "gemini whole")
STREAM: Final = WAYS[:1]
UNREAD: Final = (ErrorCode.MODEL_BAD_REPLY, 1)
WHOLE_UNREAD: Final = {"gemini whole": UNREAD}
"""Of an answer that is no stream LiteLLM needs the counts."""
SIGNATURE: Final = "c2lnbmF0dXJl+/" * 400 + "=="
COUNTS: Final = {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7}


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"text": said, **more}


def calls(name: str, *arguments: Json, **more: Any) -> dict[str, Any]:
    """A part that calls a function; without arguments where none are given."""
    return {"functionCall": {"name": name} | ({"args": arguments[0]} if arguments else {}), **more}


def answers(*parts: dict[str, Any], **more: Any) -> Reply:
    return Reply(parts=list(parts), **more)


def ends(word: str, sees: Json | ErrorCode, times: int = 1) -> Quirk:
    return Quirk(f"Gemini ends with {word}", (Reply(text="Good.", finish=word),) * times, sees, times, limits=UNCORRECTED)


def ends_mute(word: str, sees: Json | ErrorCode, times: int = 1) -> Quirk:
    return Quirk(f"Gemini ends with {word}, without content", (answers(finish=word),) * times, sees, times, limits=UNCORRECTED)


def refuses(status: int, message: str, sees: Json | ErrorCode, times: int = 1, *details: dict[str, Any]) -> Quirk:
    name = f"Gemini's {status}{f' with {len(details)} details' if details else ''}: {message[:30]}"
    return Quirk(name, (Reply(status=status, body=gemini.error(status, message, *details)),) * times, sees, times)


def retry(delay: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


QUOTA: Final = "You exceeded your current quota, please check your plan and billing details. Please retry in a moment."
BY_MINUTE: Final = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}],
}
NO_SCHEMA: Final = "Function calling with a response mime type: 'application/json' is unsupported"
NO_KEY: Final = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
BLOCKED: Final = {"promptFeedback": {"blockReason": "SAFETY", "safetyRatings": []}}
PING: Final = {"tools": ["ping"]}
DROPPED: Final = Reply(text="one two three", fault="drop_connection", fault_after=3)
ORDER: Final = {"order_id": "A1"}

QUIRKS: Final = (
    # What is said
    Quirk("Gemini says a text", (Reply(text="Good day to you."),), "Good day to you."),
    Quirk("Gemini says several parts", (answers(text("Go"), text("od.")),), "Good."),
    Quirk("Gemini thinks", (answers(text("Hm hm", thought=True), text("Good.")),), "Good.", reasoning="Hm hm"),
    Quirk("Gemini signs its text", (answers(text("Good.", thoughtSignature=SIGNATURE)),), "Good.", reasoning=""),
    Quirk("Gemini says a part of an unknown kind", (answers({"executableCode": {"code": "1"}}, text("Good.")),), "Good."),
    Quirk("Gemini says a number for a text", (answers({"text": 7}),), ErrorCode.MODEL_BAD_REPLY),
    Quirk("Gemini answers by a schema", (Reply(text='{"label": "late"}'),), {"label": "late"}, agent={"output_schema": LABEL}),
    # What tools are asked for
    Quirk("Gemini calls, without an id", (answers(calls("lookup", ORDER)), FOUND), "Found.", 2, agent=LOOKUP),
    Quirk("Gemini calls one name twice", (answers(calls("lookup", ORDER), calls("lookup", ORDER)), FOUND), "Found.", 2, agent=LOOKUP),
    Quirk("Gemini says a text and calls", (answers(text("I look."), calls("lookup", ORDER)), FOUND), "Found.", 2, agent=LOOKUP),
    Quirk("Gemini signs its call", (answers(calls("lookup", ORDER, thoughtSignature=SIGNATURE)), FOUND), "Found.", 2, agent=LOOKUP),
    Quirk("Gemini calls with arguments as text", (answers(calls("ping", "{}")), FOUND), "Found.", 2, agent=PING),
    Quirk("Gemini calls with empty arguments", (answers(calls("ping", {})), FOUND), "Found.", 2, agent=PING),
    Quirk("Gemini calls without arguments", (answers(calls("ping")), FOUND), "Found.", 2, agent=PING),
    # Why it ended
    ends("STOP", "Good."),
    ends("A_NEW_WORD", "Good."),
    ends("MAX_TOKENS", ErrorCode.MODEL_BAD_REPLY),
    *(ends(word, ErrorCode.MODEL_REFUSED) for word in ("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII")),
    *(ends_mute(word, ErrorCode.MODEL_REFUSED) for word in ("SAFETY", "RECITATION", "OTHER", "NO_IMAGE")),
    ends_mute("MAX_TOKENS", ErrorCode.MODEL_BAD_REPLY),
    *(ends_mute(word, ErrorCode.MODEL_STREAM_CUT, 3) for word in ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")),
    *(ends(word, ErrorCode.MODEL_STREAM_CUT, 3) for word in ("TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE")),
    Quirk("Gemini blocks the prompt", (Reply(body=BLOCKED | {"usageMetadata": COUNTS}),), ErrorCode.MODEL_REFUSED),
    Quirk("Gemini blocks the prompt, uncounted", (Reply(body=BLOCKED),), ErrorCode.MODEL_REFUSED),
    Quirk("Gemini gives no candidates", (Reply(body={"usageMetadata": COUNTS}), FOUND), "Found.", 2),
    Quirk("Gemini gives an empty object", (Reply(body={}), FOUND), "Found.", 2, lost=WHOLE_UNREAD),
    Quirk("Gemini gives no object", (Reply(body=[1]),), *UNREAD),
    # What it cost
    Quirk("Gemini counts nothing", (Reply(text="Good.", usage=False),), "Good."),
    *(Quirk(f"Gemini counts {usage!r}", (Reply(text="Good.", usage=usage),), "Good.") for usage in (None, "many", -5, [], {})),
    *(
        Quirk(f"Gemini counts {count!r} tokens", (Reply(text="Good.", usage=dict.fromkeys(COUNTS, count)),), "Good.")
        for count in (None, "3", -5, 0, 10**20, float("nan"), [])
    ),
    # How it is sent
    Quirk("Gemini's HTML with status 200", (Reply(fault="html"),) * 3, ErrorCode.MODEL_BAD_REPLY, 3),
    Quirk("Gemini's JSON cut", (Reply(text="one two three four", fault="truncated_json"), FOUND), "Found.", 2),
    Quirk("Gemini's stream cut", (Reply(text="one two three four", fault="cut"),) * 3, ErrorCode.MODEL_STREAM_CUT, 3, STREAM),
    Quirk("Gemini's stream without an end", (Reply(text="one two", fault="no_finish"),) * 3, ErrorCode.MODEL_STREAM_CUT, 3, STREAM),
    Quirk(
        "Gemini's stream cut behind a call",
        (answers(text("I "), calls("lookup", ORDER), text("look"), fault="cut"), FOUND),
        "Found.",
        2,
        STREAM,
        LOOKUP,
        unmade=True,
    ),
    Quirk("Gemini's connection cut once", (DROPPED, FOUND), "Found.", 2),
    Quirk("Gemini's connections cut", (DROPPED,) * 3, ErrorCode.MODEL_STREAM_CUT, 3, STREAM),
    Quirk("Gemini's connections cut at once", (DROPPED,) * 3, ErrorCode.MODEL_UNAVAILABLE, 3, WAYS[1:]),
    Quirk("Gemini fails in its stream", (Reply(text="one two three", fault="error_chunk"),) * 3, ErrorCode.MODEL_UNAVAILABLE, 3, STREAM),
    Quirk("Gemini stalls", (Reply(text="one two three", fault="stall"),) * 3, ErrorCode.MODEL_TIMEOUT, 3, limits={"max_call_seconds": 0.4}),
    # How it says no
    refuses(400, "Invalid JSON payload received. Unknown name", ErrorCode.MODEL_BAD_REQUEST),
    refuses(400, "API key not valid. Please pass a valid API key.", ErrorCode.MODEL_AUTH, 1, NO_KEY),
    refuses(403, "Permission denied", ErrorCode.MODEL_AUTH),
    refuses(404, "models/quirky is not found for API version v1beta", ErrorCode.MODEL_UNKNOWN),
    refuses(429, QUOTA, ErrorCode.MODEL_NO_CREDIT),
    refuses(429, QUOTA, ErrorCode.MODEL_RATE_LIMITED, 3, BY_MINUTE, retry("0.01s")),
    refuses(429, QUOTA, ErrorCode.MODEL_RATE_LIMITED, 1, BY_MINUTE, retry("3600s"), {}),
    refuses(429, "Resource has been exhausted (e.g. check quota).", ErrorCode.MODEL_RATE_LIMITED, 3),
    refuses(500, "An internal error has occurred.", ErrorCode.MODEL_UNAVAILABLE, 3),
    refuses(503, "The model is overloaded. Please try again later.", ErrorCode.MODEL_UNAVAILABLE, 3),
    Quirk(
        "Gemini takes no schema beside tools",
        (*(Reply(status=400, body=gemini.error(400, NO_SCHEMA)),) * 2, answers(calls("lookup", ORDER)), Reply(text='{"label": "late"}')),
        {"label": "late"},
        4,
        agent={"output_schema": LABEL} | LOOKUP,
    ),
    Quirk("Gemini's 307", (Reply(status=307, location="https://example.com/v1beta"),), ErrorCode.MODEL_BAD_REQUEST),
)


@pytest.mark.parametrize(("quirk", "way"), cases(QUIRKS, WAYS))
async def test_a_run_sees_an_answer_or_an_error_with_a_cure(
    quirk: Quirk, way: str, model_server: ModelServer, request: pytest.FixtureRequest
) -> None:
    """F09, W11, B03"""
    await check(quirk, way, model_server, request)


@pytest.mark.parametrize("way", WAYS)
async def test_what_a_call_is_signed_with_goes_back_with_its_result(way: str, model_server: ModelServer) -> None:
    model_server.script(answers(calls("lookup", ORDER, thoughtSignature=SIGNATURE), calls("lookup", {"order_id": "B2"})), FOUND)
    state = await bench(model_server, way, LOOKUP, {}).finish("Say something")
    assert state.output == "Found.", state.error
    [_asked, called, told] = model_server.requests[1].body["contents"]
    assert [part["function_call"]["args"]["order_id"] for part in called["parts"]] == ["A1", "B2"]
    assert called["parts"][0]["thoughtSignature"] == SIGNATURE
    assert [part["function_response"]["name"] for part in told["parts"]] == ["lookup", "lookup"]


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        (COUNTS | {"thoughtsTokenCount": 50, "totalTokenCount": 57}, (3, 54, 0)),
        (COUNTS | {"promptTokenCount": 30, "cachedContentTokenCount": 20, "totalTokenCount": 34}, (30, 4, 20)),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_thoughts_are_paid_for_and_what_is_cached_is_told(
    told: Json, counted: tuple[int, int, int], stream: bool, model_server: ModelServer
) -> None:
    model_server.script(Reply(text="Good.", usage=told))
    reply, _ = await ask(ByLiteLLM(model_server, KEY, "gemini", stream=stream), request("gemini/gemini-2.5-flash"))
    usage = reply.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == counted and not usage.estimated and usage.priced


@pytest.mark.parametrize("stream", [True, False])
async def test_s01_the_key_is_in_no_address_error_or_log(stream: bool, model_server: ModelServer, caplog: pytest.LogCaptureFixture) -> None:
    """S01: Gemini's key may go as a part of the address, which errors and logs would tell."""
    caplog.set_level(logging.DEBUG)
    model = ByLiteLLM(model_server, KEY, "gemini", stream=stream)
    echo = f"No access for https://generativelanguage.googleapis.com/v1beta/models/x:generateContent?key={KEY}"
    for reply in (Reply(status=400, text=echo), Reply(status=503, text=echo), Reply(fault="html"), Reply(fault="drop_connection")):
        model_server.script(reply)
        with pytest.raises(ModelError) as caught:
            await model.complete(request("gemini/quirky", "canary-in-the-prompt"), call_context())
        assert KEY not in repr(caught.value) + caught.value.info.model_dump_json()
    await ask(model, request("gemini/quirky", "canary-in-the-prompt"))
    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert KEY not in logged and "canary-in-the-prompt" not in logged
    assert [seen.key for seen in model_server.requests] == [KEY] * 5 and not any(KEY in seen.url for seen in model_server.requests)
