"""The HTTP tools against a local server."""

import asyncio

import pytest

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


async def test_an_error_status_is_an_answer(model_server: ModelServer) -> None:
    answer = await box(model_server).call(
        ToolCall(tool="http_request", arguments={"url": f"{model_server.url}/sink?status=503", "body": "x"}), call_context()
    )
    assert isinstance(answer, dict) and answer["status"] == 503


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


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.test"}, {"Content-Length": "0"}, {"X-A": "b\r\nX-C: d"}, {"X\r\nY": "z"}, {"idempotency-key": "mine"}]
)
async def test_headers_that_change_the_request_are_refused(model_server: ModelServer, headers: dict[str, Json]) -> None:
    with pytest.raises(ToolError):
        await box(model_server).call(
            ToolCall(tool="http_request", arguments={"url": f"{model_server.url}/sink", "headers": headers}), call_context()
        )
    assert model_server.sink == []
