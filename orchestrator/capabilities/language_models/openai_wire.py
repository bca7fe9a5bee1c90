"""The lean adapter for endpoints that speak OpenAI's chat completions protocol."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from orchestrator.capabilities.egress.client import Egress, Limits, Response
from orchestrator.capabilities.egress.errors import EgressFailed, EgressRefused
from orchestrator.capabilities.language_models.assembly import Assembly
from orchestrator.capabilities.language_models.failures import bad_reply, cut, refusal, timed_out, unreachable
from orchestrator.capabilities.language_models.redaction import redacted
from orchestrator.capabilities.language_models.wire_format import wire_request
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.errors import ErrorCode, ModelError
from orchestrator.engine.ports import CallContext

_CONNECT_S: Final = 10.0
_MOST_BYTES: Final = 32 * 1024 * 1024
_ERROR_BYTES: Final = 65_536
_OWN_HOST: Final = "api.openai.com"


class OpenAIWire:
    """One endpoint with one key. `name` is the model as the endpoint knows it."""

    def __init__(self, *, base: str, key: str, egress: Egress, stream: bool = True) -> None:
        self._base = base.rstrip("/")
        self._key = key
        self._egress = egress
        self._stream = stream

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        assembly = Assembly(request, call.on_delta)
        try:
            await self._ask(request, assembly)
            return assembly.reply()
        except (ModelError, EgressRefused, EgressFailed) as error:
            failure = self._failure(error, request.model)
        failure.usage = assembly.spent()
        raise failure

    def _failure(self, error: ModelError | EgressRefused | EgressFailed, model: str) -> ModelError:
        if isinstance(error, ModelError):
            return ModelError.of(error.info.model_copy(update={"message": redacted(error.info.message, (self._key,))}))
        if isinstance(error, EgressRefused):
            told = f"The address of {model} is not allowed: {error.message}"
            return ModelError(told, code=ErrorCode.MODEL_BAD_REQUEST, cure=error.cure)
        if error.kind == "timeout":
            return timed_out(model)
        if error.kind == "bad_response":
            return cut(model)
        return unreachable(model, redacted(error.message, (self._key,)), error.cure)

    async def _ask(self, request: ModelRequest, assembly: Assembly) -> None:
        url = self._egress.checked(f"{self._base}/chat/completions")
        body = wire_request(request, stream=self._stream)
        body["model"] = request.model.partition("/")[2] or request.model
        if request.max_output_tokens is not None:
            # OpenAI's newer models refuse the old name; other servers do not know the new one.
            body["max_completion_tokens" if url.host == _OWN_HOST else "max_tokens"] = request.max_output_tokens
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        limits = Limits(
            connect_s=min(_CONNECT_S, request.timeout_s), read_s=request.timeout_s, total_s=request.timeout_s, max_bytes=_MOST_BYTES
        )
        payload = json.dumps(body, ensure_ascii=False).encode()
        async with self._egress.open("POST", url, headers=headers, body=payload, limits=limits) as response:
            if response.status != 200:
                text = (await response.content.read(_ERROR_BYTES)).decode("utf-8", "replace")
                raise refusal(response.status, text, response.headers, model=request.model, secrets=(self._key,))
            if response.content_type == "text/event-stream":
                await self._read_stream(response, assembly)
            else:
                await self._read_whole(response, assembly)

    async def _read_whole(self, response: Response, assembly: Assembly) -> None:
        name = assembly.request.model
        content = bytearray()
        async for piece in response.content.iter_any():
            content += piece
            if len(content) > _MOST_BYTES:
                raise bad_reply(name, f"more than {_MOST_BYTES} bytes")
        whole = _json(bytes(content), name)
        if whole.get("error"):
            raise _told(whole, name, self._key)
        if not whole.get("choices"):
            raise bad_reply(name, "no choices")
        assembly.take(whole)

    async def _read_stream(self, response: Response, assembly: Assembly) -> None:
        name = assembly.request.model
        seen = False
        async with aclosing(_events(response, name)) as events:
            async for data in events:
                if data == b"[DONE]":
                    break
                chunk = _json(data, name)
                if chunk.get("error"):
                    raise _told(chunk, name, self._key)
                seen = seen or bool(chunk.get("choices"))
                assembly.take(chunk)
            else:
                if assembly.finish is None:
                    raise cut(name)
        if not seen:
            raise bad_reply(name, "no choices")


async def _events(response: Response, name: str) -> AsyncGenerator[bytes, None]:
    """The data of each server-sent event. A last event without its line end is not one."""
    rest = b""
    total = 0
    async for piece in response.content.iter_any():
        total += len(piece)
        if total > _MOST_BYTES:
            raise bad_reply(name, f"more than {_MOST_BYTES} bytes")
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()


def _json(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        what = "an HTML page" if data.lstrip()[:1] == b"<" else "malformed JSON"
        raise bad_reply(name, what) from error
    if not isinstance(value, dict):
        raise bad_reply(name, "JSON that is not an object")
    return value


def _told(chunk: dict[str, Any], name: str, key: str) -> ModelError:
    """An error that came inside a reply with status 200."""
    error = chunk["error"]
    code = str(error.get("code") or "") if isinstance(error, dict) else ""
    status = int(code) if code.isdigit() and len(code) == 3 else 500
    return refusal(status, json.dumps(chunk), {}, model=name, secrets=(key,))
