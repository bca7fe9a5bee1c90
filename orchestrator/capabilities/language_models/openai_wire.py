"""The lean adapter for endpoints that speak OpenAI's chat completions protocol."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from yarl import URL

from orchestrator.capabilities.egress.client import Egress, Limits, Response, unpacked
from orchestrator.capabilities.egress.errors import EgressFailed, EgressRefused
from orchestrator.capabilities.language_models.dialects import DIALECTS, Dialect, Dialects, Simplified
from orchestrator.capabilities.language_models.failures import bad_reply, cut, failed_on_the_way, moved, refusal
from orchestrator.capabilities.language_models.parts.shown import Shown, shown_files
from orchestrator.capabilities.language_models.replies.assembly import Assembly
from orchestrator.capabilities.language_models.wire_format import wire_request
from orchestrator.capabilities.redaction import redacted
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.errors import ErrorCode, ModelError
from orchestrator.engine.ports import CallContext

_CONNECT_S: Final = 10.0
_MOST_BYTES: Final = 32 * 1024 * 1024
_ERROR_BYTES: Final = 65_536
_OWN_HOST: Final = "api.openai.com"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SAME_REQUEST: Final = frozenset({307, 308})
"""Redirects that ask for the same request again; the others would make another one of it."""
_HOPS: Final = 3


class OpenAIWire:
    """One endpoint with one key. What the endpoint does not take is learned in `dialects`."""

    def __init__(self, *, base: str, key: str, egress: Egress, stream: bool = True, dialects: Dialects = DIALECTS) -> None:
        self._base = base.rstrip("/")
        self._key = key
        self._egress = egress
        self._stream = stream
        self._dialects = dialects

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        assembly = Assembly(request, call.on_delta)
        try:
            await self._ask(request, assembly, await shown_files(request, call))
            return assembly.reply()
        except (ModelError, EgressRefused, EgressFailed) as error:
            failure = self._failure(error, request)
        failure.usage = assembly.spent()
        raise failure

    def _failure(self, error: ModelError | EgressRefused | EgressFailed, request: ModelRequest) -> ModelError:
        if isinstance(error, ModelError):
            return type(error).of(error.info.model_copy(update={"message": redacted(error.info.message, (self._key,))}))
        if isinstance(error, EgressRefused):
            told = f"The address of {request.model} is not allowed: {error.message}"
            return ModelError(told, code=ErrorCode.MODEL_BAD_REQUEST, cure=error.cure)
        return failed_on_the_way(error, request, _host(self._base), (self._key,))

    async def _ask(self, request: ModelRequest, assembly: Assembly, shown: Shown) -> None:
        url = self._egress.checked(f"{self._base}/chat/completions")
        # OpenAI's newer models refuse the old name of the limit; other servers do not know the new one.
        own = Dialect(limit_name="max_completion_tokens" if url.host == _OWN_HOST else "max_tokens")
        dialect = self._dialects.of(self._base, request.model, own)
        body = wire_request(request, stream=self._stream, dialect=dialect, shown=shown)
        body["model"] = request.model.partition("/")[2] or request.model
        async with self._answer(url, json.dumps(body, ensure_ascii=False).encode(), request) as response:
            if response.status != 200:
                raise await self._refusal(response, request, dialect)
            if response.content_type == "text/event-stream":
                await self._read_stream(response, assembly)
            else:
                await self._read_whole(response, assembly)

    @asynccontextmanager
    async def _answer(self, url: URL, body: bytes, request: ModelRequest) -> AsyncIterator[Response]:
        """What the endpoint answers, also where it sends the same request to another place of its own."""
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        limits = Limits(
            connect_s=min(_CONNECT_S, request.timeout_s), read_s=request.timeout_s, total_s=request.timeout_s, max_bytes=_MOST_BYTES
        )
        for _ in range(_HOPS + 1):
            async with self._egress.open("POST", url, headers=headers, body=body, limits=limits) as response:
                target = response.headers.get("Location")
                if response.status not in _REDIRECTS or not target:
                    yield response
                    return
                url = self._next(url, target, response.status, request.model)
        raise bad_reply(request.model, f"more than {_HOPS} redirects", may_pass=False)

    def _next(self, at: URL, target: str, status: int, model: str) -> URL:
        """Where the same request goes with the same key: never to another host. Raises ModelError."""
        try:
            after = self._egress.checked(str(at.join(URL(target))))
        except ValueError as error:
            raise bad_reply(model, "a redirect to no address", may_pass=False) from error
        secured = after.host == at.host and (at.scheme, after.scheme) == ("http", "https")
        if status not in _SAME_REQUEST or not (secured or after.origin() == at.origin()):
            raise moved(model, _host(str(at)), _host(str(after)))
        return after

    async def _refusal(self, response: Response, request: ModelRequest, dialect: Dialect) -> ModelError:
        said = bytearray()
        async for piece in unpacked(response, _MOST_BYTES):
            said += piece
            if len(said) > _ERROR_BYTES:
                break
        text = said[:_ERROR_BYTES].decode("utf-8", "replace")
        error = refusal(
            response.status,
            text,
            response.headers,
            model=request.model,
            host=_host(self._base),
            secrets=(self._key,),
            waited_s=request.timeout_s,
        )
        simpler = dialect.after(response.status, text, request, stream=self._stream)
        if simpler is None:
            return error
        self._dialects.learn(self._base, request.model, simpler)
        return Simplified(error.info.message, cure="Nothing has to be done: it is asked again without what it does not take.")

    async def _read_whole(self, response: Response, assembly: Assembly) -> None:
        name = assembly.request.model
        content = b"".join([piece async for piece in unpacked(response, _MOST_BYTES)])
        whole = _json(content, name)
        if whole.get("error"):
            raise _told(whole, name, self._key)
        if not whole.get("choices"):
            raise bad_reply(name, "no choices")
        assembly.take(whole)
        assembly.ended = True

    async def _read_stream(self, response: Response, assembly: Assembly) -> None:
        name = assembly.request.model
        seen = False
        async with aclosing(_events(response)) as events:
            async for data in events:
                if data == b"[DONE]":
                    assembly.ended = True
                    break
                chunk = _json(data, name)
                if chunk.get("error"):
                    raise _told(chunk, name, self._key)
                seen = seen or bool(chunk.get("choices"))
                assembly.take(chunk)
        if not assembly.complete:
            raise cut(name)
        if not seen:
            raise bad_reply(name, "no choices")


def _host(address: str) -> str:
    """Host and port of an address, as people are told."""
    parsed = URL(address)
    return parsed.host or "" if parsed.is_default_port() else f"{parsed.host}:{parsed.port}"


async def _events(response: Response) -> AsyncGenerator[bytes, None]:
    """The data of each server-sent event. A last event without its line end is not one."""
    rest = b""
    async for piece in unpacked(response, _MOST_BYTES):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            data = line[5:].strip() if line.startswith(b"data:") else b""
            if data:
                yield data


def _json(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        what = "an HTML page" if data.lstrip()[:1] == b"<" else "malformed JSON"
        raise bad_reply(name, what) from error
    if not isinstance(value, dict):
        raise bad_reply(name, "JSON that is not an object", may_pass=False)
    return value


def _told(chunk: dict[str, Any], name: str, key: str) -> ModelError:
    """An error that came inside a reply with status 200."""
    error = chunk["error"]
    code = str(error.get("code") or "") if isinstance(error, dict) else ""
    status = int(code) if code.isdecimal() and code.isascii() and len(code) == 3 else 500
    return refusal(status, json.dumps(chunk), {}, model=name, secrets=(key,))
