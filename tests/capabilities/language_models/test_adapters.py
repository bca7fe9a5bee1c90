"""Both adapters against the same misbehaving server: what holds for one holds for the other."""

import logging

import pytest

from orchestrator.capabilities.egress.client import Egress
from orchestrator.capabilities.language_models.openai_wire import OpenAIWire
from orchestrator.engine.effects.model import Message, ModelRequest, Role, ToolRequest, text_parts
from orchestrator.engine.errors import ErrorCode, ModelError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import LanguageModel
from orchestrator.engine.testing import call_context
from tests.capabilities.language_models.asking import LOOKUP, ByLiteLLM, ask, request
from tests.model_server import ModelServer, Reply, ToolWish

pytestmark = pytest.mark.asyncio
SECRET = "sk-canary-0123456789abcdef"


def adapter(kind: str, server: ModelServer, *, stream: bool = True) -> LanguageModel:
    if kind == "litellm":
        return ByLiteLLM(server, SECRET, stream=stream)
    return OpenAIWire(base=server.base, key=SECRET, egress=Egress(private_hosts=[f"127.0.0.1:{server.port}"]), stream=stream)


@pytest.fixture(params=["wire", "wire-whole", "litellm", "litellm-whole"])
def model(request: pytest.FixtureRequest, model_server: ModelServer) -> LanguageModel:
    kind, _, whole = str(request.param).partition("-")
    return adapter(kind, model_server, stream=not whole)


@pytest.fixture(params=["wire", "litellm"])
def streaming(request: pytest.FixtureRequest, model_server: ModelServer) -> LanguageModel:
    return adapter(str(request.param), model_server)


async def failure(model: LanguageModel, wish: ModelRequest) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await model.complete(wish, call_context())
    assert caught.value.info.cure
    assert SECRET not in repr(caught.value) + caught.value.info.model_dump_json()
    return caught.value


async def test_text_comes_back_with_usage_and_price(model: LanguageModel, model_server: ModelServer) -> None:
    model_server.script(Reply(text="Good morning to you"))
    reply, heard = await ask(model, request("openai/gpt-5-mini", "Greet me please"))
    assert reply.message.text == "Good morning to you" == "".join(heard)
    assert reply.finish == "stop"
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.estimated) == (3, 4, False)
    assert reply.usage.priced and reply.usage.cost_nano_usd == 3 * 250 + 4 * 2000
    assert not reply.demo
    assert model_server.requests[0].key == SECRET
    assert model_server.requests[0].body["model"] == "gpt-5-mini"


async def test_stream_arrives_in_pieces(streaming: LanguageModel) -> None:
    reply, heard = await ask(streaming, request("openai/chunks-20"))
    assert len(heard) == 20
    assert reply.message.text == "".join(heard)


async def test_parallel_tool_calls_keep_their_arguments_apart(model: LanguageModel, model_server: ModelServer) -> None:
    wishes = [ToolWish(name="lookup", arguments='{"order_id": "A1"}'), ToolWish(name="lookup", arguments='{"order_id": "B2"}')]
    model_server.script(Reply(tools=wishes))
    reply, _ = await ask(model, request("openai/gpt-x", tools=(LOOKUP,)))
    assert reply.finish == "tools"
    assert [(wish.name, wish.arguments) for wish in reply.message.tool_requests] == [("lookup", wish.arguments) for wish in wishes]
    assert len({wish.id for wish in reply.message.tool_requests}) == 2
    assert model_server.requests[0].body["tools"][0]["function"]["name"] == "lookup"


async def test_malformed_tool_arguments_are_passed_on_as_they_are(model: LanguageModel) -> None:
    reply, _ = await ask(model, request("openai/fault-bad-arguments", tools=(LOOKUP,)))
    assert reply.message.tool_requests[0].arguments == '{"id": 7'


async def test_tool_results_and_schema_reach_the_provider(model: LanguageModel, model_server: ModelServer) -> None:
    properties: Json = {"label": {"type": "string", "enum": ["late", "lost"]}}
    schema: dict[str, Json] = {"type": "object", "properties": properties, "required": ["label"]}
    talk = (
        Message(role=Role.SYSTEM, content=text_parts("Be brief")),
        Message(role=Role.USER, content=text_parts("Where is it?")),
        Message(role=Role.ASSISTANT, tool_requests=(ToolRequest(id="c1", name="lookup", arguments="{}"),)),
        Message(role=Role.TOOL, content=text_parts("late"), tool_request_id="c1"),
    )
    reply, _ = await ask(
        model, ModelRequest(model="openai/gpt-x", messages=talk, output_schema=schema, temperature=0.5, max_output_tokens=50)
    )
    assert reply.message.text == '{"label": "late"}'
    body = model_server.requests[0].body
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool"]
    assert body["messages"][3]["tool_call_id"] == "c1" == body["messages"][2]["tool_calls"][0]["id"]
    assert body["response_format"]["json_schema"]["schema"]["properties"] == schema["properties"]
    assert body["temperature"] == 0.5
    assert body.get("max_tokens") == 50


async def test_length_and_filter_are_told_apart(model: LanguageModel, model_server: ModelServer) -> None:
    model_server.script(Reply(text="half a", finish="length"), Reply(text="", finish="content_filter"))
    assert (await ask(model, request("openai/gpt-x")))[0].finish == "length"
    assert (await ask(model, request("openai/gpt-x")))[0].finish == "filtered"


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        ("401", ErrorCode.MODEL_AUTH, False),
        ("403", ErrorCode.MODEL_AUTH, False),
        ("400", ErrorCode.MODEL_BAD_REQUEST, False),
        ("404", ErrorCode.MODEL_UNKNOWN, False),
        ("500", ErrorCode.MODEL_UNAVAILABLE, True),
        ("503", ErrorCode.MODEL_UNAVAILABLE, True),
        ("empty-choices", ErrorCode.MODEL_BAD_REPLY, True),
        ("echo-key", ErrorCode.MODEL_AUTH, False),
    ],
)
async def test_each_failure_has_its_code(model: LanguageModel, fault: str, code: ErrorCode, retryable: bool) -> None:
    error = await failure(model, request(f"openai/fault-{fault}"))
    assert (error.info.code, error.info.retryable) == (code, retryable)


@pytest.mark.parametrize("fault", ["html", "truncated"])
async def test_garbage_is_a_bad_reply(model: LanguageModel, fault: str) -> None:
    error = await failure(model, request(f"openai/fault-{fault}"))
    assert error.info.code in (ErrorCode.MODEL_BAD_REPLY, ErrorCode.MODEL_STREAM_CUT)
    assert error.info.retryable


async def test_rate_limit_says_how_long_to_wait(model: LanguageModel, model_server: ModelServer) -> None:
    model_server.script(Reply(status=429, retry_after="7"))
    error = await failure(model, request("openai/gpt-x"))
    assert (error.info.code, error.info.retry_after_s, error.info.retryable) == (ErrorCode.MODEL_RATE_LIMITED, 7.0, True)


async def test_stall_is_a_timeout(model: LanguageModel) -> None:
    error = await failure(model, request("openai/fault-stall", timeout_s=0.4))
    assert (error.info.code, error.info.retryable) == (ErrorCode.MODEL_TIMEOUT, True)


@pytest.mark.parametrize("fault", ["cut", "drop"])
async def test_stream_without_an_end_is_never_an_answer(streaming: LanguageModel, fault: str) -> None:
    error = await failure(streaming, request(f"openai/fault-{fault}"))
    assert (error.info.code, error.info.retryable) == (ErrorCode.MODEL_STREAM_CUT, True)


async def test_stream_with_finish_reason_but_without_done_is_complete(streaming: LanguageModel) -> None:
    reply, _ = await ask(streaming, request("openai/fault-no-done"))
    assert (reply.message.text, reply.finish) == ("one two three four", "stop")


async def test_error_inside_a_stream_is_an_error(streaming: LanguageModel) -> None:
    error = await failure(streaming, request("openai/fault-error-chunk"))
    assert error.info.retryable


async def test_missing_usage_is_estimated_from_above(model_server: ModelServer) -> None:
    model_server.script(Reply(text="four words are here", usage=False))
    reply, _ = await ask(adapter("wire", model_server), request("openai/gpt-5-mini", "Count this"))
    assert reply.usage.estimated and reply.usage.priced
    assert reply.usage.input_tokens >= len(b"Count this")
    assert reply.usage.output_tokens >= len(b"four words are here")


NONSENSE = (None, "many", 0, -5, 10**20, float("nan"), float("inf"), True, [], {"a": 1})


@pytest.mark.parametrize("count", NONSENSE, ids=str)
@pytest.mark.parametrize("field", ["prompt_tokens", "completion_tokens"])
@pytest.mark.parametrize("stream", [True, False])
async def test_nonsense_for_a_number_of_tokens_is_estimated(model_server: ModelServer, field: str, count: Json, stream: bool) -> None:
    model_server.script(Reply(text="four words are here", usage={"prompt_tokens": 3, "completion_tokens": 4, field: count}))
    usage = (await ask(adapter("wire", model_server, stream=stream), request("openai/gpt-5-mini", "Count this")))[0].usage
    assert usage.estimated and 0 < usage.cost_nano_usd < 10**6
    told, asked = (usage.output_tokens, 4) if field == "completion_tokens" else (usage.input_tokens, 3)
    assert asked < told < 100


@pytest.mark.parametrize("usage", [*NONSENSE, {"prompt_tokens": -1, "completion_tokens": 10**20}], ids=str)
async def test_whatever_usage_is_told_the_numbers_are_bounded(model: LanguageModel, model_server: ModelServer, usage: Json) -> None:
    """LiteLLM reads the usage before we do: it may refuse the whole reply, which is not asked for again."""
    model_server.script(Reply(text="four words are here", usage=usage))
    try:
        reply, _ = await ask(model, request("openai/gpt-5-mini", "Count this"))
    except ModelError as error:
        assert (error.info.code, error.info.retryable) == (ErrorCode.MODEL_BAD_REPLY, False)
    else:
        assert 0 < reply.usage.input_tokens < 1000 and 0 < reply.usage.output_tokens < 1000
        assert 0 < reply.usage.cost_nano_usd < 10**7


@pytest.mark.parametrize("fault", ["cut", "drop", "error-chunk"])
async def test_what_a_broken_stream_cost_is_told_with_its_failure(streaming: LanguageModel, fault: str) -> None:
    error = await failure(streaming, request(f"openai/fault-{fault}", "Count this"))
    assert error.usage is not None and error.usage.input_tokens > 0 and error.usage.output_tokens > 0


@pytest.mark.parametrize("fault", ["401", "429", "500", "html"])
async def test_a_refused_call_cost_nothing(streaming: LanguageModel, fault: str) -> None:
    assert (await failure(streaming, request(f"openai/fault-{fault}"))).usage is None


@pytest.mark.parametrize("kind", ["wire", "litellm"])
async def test_nobody_listening_is_a_connection_failure(kind: str) -> None:
    gone = ModelServer(port=9)
    error = await failure(adapter(kind, gone), request("openai/gpt-x"))
    assert (error.info.code, error.info.retryable) == (ErrorCode.MODEL_UNAVAILABLE, True)


async def test_neither_prompt_nor_key_is_logged(model: LanguageModel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await ask(model, request("openai/gpt-x", "canary-in-the-prompt"))
    await failure(model, request("openai/fault-echo-key", "canary-in-the-prompt"))
    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "canary-in-the-prompt" not in logged
    assert SECRET not in logged


async def test_reasoning_is_kept_apart_from_the_answer(streaming: LanguageModel, model_server: ModelServer) -> None:
    model_server.script(Reply(text="Yes", reasoning="Let me think"))
    reply, _ = await ask(streaming, request("openai/gpt-x"))
    assert (reply.message.text, reply.message.reasoning) == ("Yes", "Let me think")
