"""LiteLLM behind the engine's port: every provider that has no lean adapter of its own.

Importing LiteLLM takes seconds and much memory, so it happens only where a key leads to it: when the worker
starts, else at the first call, on a thread.
Everything it would log, send or keep on its own is switched off.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlsplit

from orchestrator.capabilities.egress.client import Egress, Limits
from orchestrator.capabilities.egress.errors import EgressRefused
from orchestrator.capabilities.language_models.dialects import DIALECTS, PLAIN, Dialects, Simplified
from orchestrator.capabilities.language_models.failures import bad_reply, cut, refusal, timed_out, unreachable
from orchestrator.capabilities.language_models.replies.assembly import Assembly
from orchestrator.capabilities.language_models.retries import RESTART
from orchestrator.capabilities.language_models.wire_format import wire_request
from orchestrator.capabilities.redaction import redacted
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.errors import ErrorCode, ModelError
from orchestrator.engine.ports import CallContext

_QUIET: Final = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore", "anthropic")
"""Loggers that write prompts or addresses at their lower levels."""
_ENDS: Final = {"model_context_window_exceeded": "length", "pause_turn": "pause_turn", "error": "error", "network_error": "error"}
"""Words for the end of an answer, in those that go on from LiteLLM."""
LOADING: Final = "The library that asks this provider is being loaded, once for this worker: about ten seconds ..."
_CONNECT_S: Final = 10.0
_MALFORMED: Final = (
    "JSONDecodeError",
    "Expecting value",
    "Unterminated string",
    "Expecting property",
    "Invalid response object",
    "Expecting ','",
)


@lru_cache(maxsize=1)
def litellm() -> ModuleType:
    """LiteLLM, imported without asking the network for prices, and made silent."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # noqa: TID251 - LiteLLM reads its switches from nowhere else
    os.environ["LITELLM_MODE"] = "PRODUCTION"  # noqa: TID251
    import litellm as module

    module.telemetry = False
    module.suppress_debug_info = True
    module.turn_off_message_logging = True
    module.disable_streaming_logging = True
    module.cache = None
    module.drop_params = True
    module.num_retries = 0
    for callbacks in ("callbacks", "input_callback", "success_callback", "failure_callback", "service_callback"):
        setattr(module, callbacks, [])
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    from litellm.litellm_core_utils import core_helpers

    # What it does not know it takes for "stop", also where the answer is only a part of one.
    core_helpers._FINISH_REASON_MAP.update(_ENDS)  # type: ignore[arg-type]  # words that its type leaves out
    from orchestrator.capabilities.language_models.demo.litellm_provider import register

    register(module)
    return module


class LiteLLMModel:
    """A model of a provider that LiteLLM serves. `base` takes the place of the provider's own `hosts`: calls go nowhere else."""

    def __init__(
        self,
        *,
        key: str = "",
        base: str = "",
        hosts: tuple[str, ...] = (),
        egress: Egress,
        stream: bool = True,
        dialects: Dialects = DIALECTS,
    ) -> None:
        self._key = key
        self._base = base
        self._hosts = (urlsplit(base).netloc,) if base else hosts
        self._egress = egress
        self._host = ", ".join(self._hosts)
        self._stream = stream
        self._dialects = dialects

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        module = await self._library(call)
        assembly = Assembly(request, call.on_delta)
        try:
            async with asyncio.timeout(request.timeout_s), self._client(request.timeout_s) as client:
                await self._ask(module, request, assembly, client)
            return assembly.reply()
        except TimeoutError:
            failure = timed_out(request.model, self._host, request.timeout_s)
        except ModelError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a library of a hundred providers raises what it likes
            failure = self._failure(error, request)
        failure.usage = assembly.spent()
        raise failure

    async def _library(self, call: CallContext) -> ModuleType:
        """Whoever watches the call is told while the library is loaded; what they were told is void then."""
        if litellm.cache_info().currsize:
            return litellm()
        call.on_delta(LOADING)
        module = await asyncio.to_thread(litellm)
        call.on_delta(RESTART)
        return module

    async def _ask(self, module: ModuleType, request: ModelRequest, assembly: Assembly, client: Any) -> None:
        dialect = self._dialects.of(self._host, request.model, PLAIN)
        options = wire_request(request, stream=self._stream, dialect=dialect)
        # Without a key of ours LiteLLM would look for one in the environment.
        options["api_key"] = self._key or "none"
        if self._base:
            options["api_base"] = self._base
        options |= {"client": client, "model": request.model, "timeout": request.timeout_s}
        options |= {"max_retries": 0, "num_retries": 0, "no-log": True}
        answer = await module.acompletion(**options)
        if not self._stream:
            whole = answer.model_dump()
            if not whole.get("choices"):
                raise bad_reply(request.model, "no choices")
            assembly.take(whole)
            assembly.ended = True
            return
        async for chunk in answer:
            assembly.take(_plain(chunk))
        # LiteLLM says "stop" at the end of any stream; what the provider said is kept apart.
        said = getattr(answer, "received_finish_reason", None) or getattr(answer, "intermittent_finish_reason", None)
        if said is None or (said == "stop" and not assembly.size):
            raise cut(request.model) if assembly.size else bad_reply(request.model, "no choices")

    @asynccontextmanager
    async def _client(self, timeout_s: float) -> AsyncIterator[Any]:
        """LiteLLM's own client, with our way out in place of its sockets."""
        from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

        from orchestrator.capabilities.egress.httpx_transport import EgressTransport

        limits = Limits(connect_s=min(_CONNECT_S, timeout_s), read_s=timeout_s, total_s=timeout_s)
        transport = EgressTransport(self._egress, self._hosts, limits)
        try:
            yield AsyncHTTPHandler(timeout=timeout_s, transport=transport, follow_redirects=False)
        finally:
            await transport.aclose()

    def _failure(self, error: Exception, request: ModelRequest) -> ModelError:
        model = request.model
        barred = _refusal_in(error)
        if barred is not None:
            told = f"The address of {model} is not allowed: {barred.message}"
            return ModelError(told, code=ErrorCode.MODEL_BAD_REQUEST, cure=barred.cure)
        said = redacted(str(error), (self._key,))
        name = type(error).__name__
        status = getattr(error, "status_code", None)
        if name == "MidStreamFallbackError" or "incomplete chunked read" in said or "peer closed connection" in said:
            return cut(model)
        if any(sign in said for sign in _MALFORMED):
            return bad_reply(model, "malformed JSON")
        if "<html" in said.lower() and status in (None, 200, 500):
            return bad_reply(model, "an HTML page")
        if name == "Timeout":
            return timed_out(model, self._host, request.timeout_s)
        if name == "APIConnectionError" or not isinstance(status, int):
            return unreachable(model, _shortened(said))
        response = getattr(error, "response", None)
        headers = getattr(error, "litellm_response_headers", None) or getattr(response, "headers", None) or {}
        refused = refusal(status, _shortened(said), headers, model=model, host=self._host, secrets=(self._key,), waited_s=request.timeout_s)
        simpler = self._dialects.of(self._host, model, PLAIN).after(status, said, request, stream=self._stream)
        if simpler is None:
            return refused
        self._dialects.learn(self._host, model, simpler)
        return Simplified(refused.info.message, cure="Nothing has to be done: it is asked again without what it does not take.")


def _refusal_in(error: BaseException | None) -> EgressRefused | None:
    """The refusal that LiteLLM wrapped in errors of its own."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, EgressRefused):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _plain(chunk: Any) -> dict[str, Any]:
    """What counts of a chunk. Dumping the whole of it would cost more than everything else we do."""
    choices = []
    for choice in chunk.choices:
        delta = choice.delta
        found: dict[str, Any] = {"content": delta.content, "reasoning_content": getattr(delta, "reasoning_content", None)}
        if delta.tool_calls:
            found["tool_calls"] = [call.model_dump() for call in delta.tool_calls]
        choices.append({"index": choice.index, "delta": found, "finish_reason": choice.finish_reason})
    usage = getattr(chunk, "usage", None)
    return {"model": chunk.model, "choices": choices, "usage": usage.model_dump() if usage is not None else None}


def _shortened(text: str) -> str:
    """LiteLLM's message without the class names it puts in front."""
    return text.rsplit("Exception - ", 1)[-1].removeprefix("litellm.").strip()
