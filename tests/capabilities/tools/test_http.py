"""The HTTP tools against a local server."""

import asyncio

import pytest

from orchestrator.capabilities.egress.client import Limits
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import ToolBox, ToolCall
from orchestrator.engine.testing import call_context
from tests.model_server import ModelServer
from tests.model_server.fixture import model_server, running_model_server

__all__ = ["model_server", "running_model_server"]


def box(server: ModelServer) -> ToolBox:
    return toolbox(private_hosts=[f"127.0.0.1:{server.port}"])


async def test_sending_carries_the_idempotency_key(model_server: ModelServer) -> None:
    wanted = ToolCall(tool="http_send_once", arguments={"url": f"{model_server.url}/sink", "body": {"order": 7}})
    answer = await box(model_server).call(wanted, call_context(idempotency_key="run-1/send#1/tool.1"))
    assert isinstance(answer, dict)
    assert answer["status"] == 200
    assert answer["body"] == {"taken": 1, "key": "run-1/send#1/tool.1"}
    assert [(entry.key, entry.body) for entry in model_server.sink] == [("run-1/send#1/tool.1", {"order": 7})]


async def test_reading_gives_parsed_json(model_server: ModelServer) -> None:
    answer = await box(model_server).call(ToolCall(tool="http_get", arguments={"url": f"{model_server.url}/v1/models"}), call_context())
    assert isinstance(answer, dict) and isinstance(answer["body"], dict)
    assert answer["body"]["object"] == "list"


@pytest.mark.parametrize("tool", ["http_request", "http_send_once"])
@pytest.mark.parametrize(("status", "retryable"), [(400, False), (404, False), (429, True), (503, True)])
async def test_an_error_status_is_a_failure(model_server: ModelServer, tool: str, status: int, retryable: bool) -> None:
    wanted = ToolCall(tool=tool, arguments={"url": f"{model_server.url}/sink?status={status}"})
    with pytest.raises(ToolError, match=f"answered {status}") as caught:
        await box(model_server).call(wanted, call_context())
    assert (caught.value.info.code, caught.value.info.retryable) == (ErrorCode.TOOL_FAILED, retryable)


async def test_page_that_is_not_there_is_a_failure_unless_the_node_says_otherwise(model_server: ModelServer) -> None:
    wanted = ToolCall(tool="http_get", arguments={"url": f"{model_server.url}/nowhere"})
    with pytest.raises(ToolError, match="answered 404"):
        await box(model_server).call(wanted, call_context())
    answer = await box(model_server).call(
        wanted.model_copy(update={"arguments": {**wanted.arguments, "accept_errors": True}}), call_context()
    )
    assert isinstance(answer, dict) and answer["status"] == 404


@pytest.mark.parametrize("tool", ["http_request", "http_send_once"])
async def test_an_error_status_is_an_answer_where_the_node_says_so(model_server: ModelServer, tool: str) -> None:
    wanted = ToolCall(tool=tool, arguments={"url": f"{model_server.url}/sink?status=503", "accept_errors": True})
    answer = await box(model_server).call(wanted, call_context())
    assert isinstance(answer, dict) and answer["status"] == 503


async def test_unsafe_request_that_got_no_answer_may_have_arrived(model_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.capabilities.tools.http._LIMITS", Limits(connect_s=5, read_s=0.2, total_s=0.3, max_bytes=1000))
    for tool, code in (("http_request", ErrorCode.OUTCOME_UNKNOWN), ("http_send_once", ErrorCode.TIMEOUT)):
        wanted = ToolCall(tool=tool, arguments={"url": f"{model_server.url}/sink?latency_s=5"})
        with pytest.raises(ToolError) as caught:
            await box(model_server).call(wanted, call_context())
        assert caught.value.info.code is code


async def test_unsafe_request_that_could_not_connect_did_not_arrive(unused_tcp_port: int) -> None:
    wanted = ToolCall(tool="http_request", arguments={"url": f"http://127.0.0.1:{unused_tcp_port}/"})
    with pytest.raises(ToolError) as caught:
        await toolbox(private_hosts=[f"127.0.0.1:{unused_tcp_port}"]).call(wanted, call_context())
    assert caught.value.info.code is ErrorCode.TOOL_FAILED


async def test_a_private_address_is_refused_and_nothing_is_sent(model_server: ModelServer) -> None:
    with pytest.raises(ToolError) as caught:
        await toolbox().call(ToolCall(tool="http_request", arguments={"url": f"{model_server.url}/sink"}), call_context())
    assert caught.value.info.code is ErrorCode.REFUSED
    assert "BATON_PRIVATE_HOSTS" in caught.value.info.cure
    assert model_server.sink == []


async def test_cancelling_wins_over_a_slow_server(model_server: ModelServer) -> None:
    call = ToolCall(tool="http_request", arguments={"url": f"{model_server.url}/sink?latency_s=5"})
    task = asyncio.create_task(box(model_server).call(call, call_context()))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(model_server.sink) == 1


RESERVED = ("Host", "Content-Length", "Expect", "Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade")
RESERVED += ("Proxy-Authorization", "Proxy-Connection", "Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY", "hOST")
NO_TOKENS = ("", " ", "X A", "X-A ", " X-A", "X:A", "X\r\nY", "X\tA", "X\0", "X(A)", "X/A", "Ünicode", 'X"', "X\x7f", "İdempotency-Key")
BAD_VALUES = ("b\r\nX-C: d", "b\nc", "b\rc", "b\0c", "b\x7f", "\x1b[2J")


@pytest.mark.parametrize("tool", ["http_request", "http_get", "http_send_once"])
@pytest.mark.parametrize("headers", [{name: "x"} for name in (*RESERVED, *NO_TOKENS)] + [{"X-A": value} for value in BAD_VALUES], ids=repr)
async def test_n08_headers_that_change_the_request_are_refused(model_server: ModelServer, headers: dict[str, Json], tool: str) -> None:
    """N08: names that are no tokens of RFC 9110, names that are not the asker's matter, values that end the line."""
    with pytest.raises(ToolError) as caught:
        await box(model_server).call(ToolCall(tool=tool, arguments={"url": f"{model_server.url}/sink", "headers": headers}), call_context())
    assert caught.value.info.code is ErrorCode.INVALID_INPUT and caught.value.info.cure
    assert model_server.sink == []


async def test_n08_every_character_of_a_token_may_stand_in_a_name(model_server: ModelServer) -> None:
    """N08"""
    headers: dict[str, Json] = {"X!#$%&'*+-.^_`|~09az": "a\tb ü"}
    arguments: dict[str, Json] = {"url": f"{model_server.url}/sink", "headers": headers}
    await box(model_server).call(ToolCall(tool="http_request", arguments=arguments), call_context())
    assert len(model_server.sink) == 1
