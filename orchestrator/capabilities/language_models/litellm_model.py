"""LiteLLM behind the engine's port: every provider that has no lean adapter of its own.

Importing LiteLLM takes seconds and much memory, so it happens only where a key leads to it: when the worker
starts, else at the first call, on a thread.
Everything it would log, send or keep on its own is switched off.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from threading import Lock
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlsplit

from orchestrator.capabilities.egress.client import Egress, Limits
from orchestrator.capabilities.egress.errors import EgressFailed, EgressRefused
from orchestrator.capabilities.language_models.dialects import DIALECTS, PLAIN, Dialects, Simplified
from orchestrator.capabilities.language_models.failures import (
    bad_reply,
    cut,
    failed_on_the_way,
    moved,
    not_asked,
    refusal,
    timed_out,
)
from orchestrator.capabilities.language_models.parts.shown import Shown, shown_files
from orchestrator.capabilities.language_models.providers import providers
from orchestrator.capabilities.language_models.replies.assembly import Assembly
from orchestrator.capabilities.language_models.replies.finish import broke_off
from orchestrator.capabilities.language_models.replies.overheard import Overheard
from orchestrator.capabilities.language_models.replies.tool_wishes import OLD_WAY
from orchestrator.capabilities.language_models.retries import RESTART
from orchestrator.capabilities.language_models.wire_format import wire_request
from orchestrator.capabilities.redaction import redacted
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.errors import ErrorCode, ModelError
from orchestrator.engine.ports import CallContext

_QUIET: Final = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore", "anthropic")
"""Loggers that write prompts or addresses at their lower levels."""
LOADING: Final = "The library that asks this provider is being loaded, once for this worker: about ten seconds ..."
_CONNECT_S: Final = 10.0
_ONE_LOADS: Final = Lock()


def litellm() -> ModuleType:
    """LiteLLM; where another thread is loading it already this waits for that."""
    with _ONE_LOADS:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> ModuleType:
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
    from orchestrator.capabilities.language_models.demo.litellm_provider import register

    register(module)
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, _rehearse(module)).result()
    return module


async def _rehearse(module: ModuleType) -> None:
    """Ask each provider once, without a network: for its first call LiteLLM loads hundreds of modules more, and everybody's runs wait."""
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    from orchestrator.capabilities.egress.httpx_transport import SilentTransport

    hello = [{"role": "user", "content": "Hello"}]
    tool = {"type": "function", "function": {"name": "nothing", "description": "Nothing", "parameters": {"type": "object"}}}
    for provider in providers().values():
        if provider.by_library:
            client = AsyncHTTPHandler(transport=SilentTransport())
            with suppress(Exception):
                asked = {"model": f"{provider.name}/rehearsal", "api_key": "none", "api_base": "http://rehearsal.invalid", "client": client}
                async for _chunk in await module.acompletion(messages=hello, tools=[tool], stream=True, **asked):
                    pass


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
        shown = await shown_files(request, call)
        module = await self._library(call)
        assembly, heard = Assembly(request, call.on_delta), Overheard()
        try:
            async with asyncio.timeout(request.timeout_s), self._client(request.timeout_s, heard) as client:
                await self._ask(module, request, assembly, client, shown)
            self._judge(request, assembly, heard)
            return assembly.reply()
        except TimeoutError:
            failure = timed_out(request.model, self._host, request.timeout_s)
        except ModelError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a library of a hundred providers raises what it likes
            failure = self._failure(error, request, heard)
        failure.usage = assembly.spent()
        raise failure

    async def _library(self, call: CallContext) -> ModuleType:
        """Whoever watches the call is told while the library is loaded; what they were told is void then."""
        if _loaded.cache_info().currsize:
            return _loaded()
        call.on_delta(LOADING)
        module = await asyncio.to_thread(litellm)
        call.on_delta(RESTART)
        return module

    async def _ask(self, module: ModuleType, request: ModelRequest, assembly: Assembly, client: Any, shown: Shown) -> None:
        dialect = self._dialects.of(self._host, request.model, PLAIN)
        options = wire_request(request, stream=self._stream, dialect=dialect, shown=shown)
        # Without a key of ours LiteLLM would look for one in the environment.
        options["api_key"] = self._key or "none"
        if self._base:
            options["api_base"] = self._base
        options |= {"client": client, "model": request.model, "timeout": request.timeout_s}
        options |= {"max_retries": 0, "num_retries": 0, "no-log": True}
        if request.tools and request.output_schema is not None:
            # Where LiteLLM makes a tool of the schema, it would have that called at once, and no other tool ever.
            options["tool_choice"] = "auto"
        answer = await module.acompletion(**options)
        if not self._stream:
            assembly.take(_without_end(answer.model_dump()))
            return
        async for chunk in answer:
            assembly.take(_plain(chunk))

    def _judge(self, request: ModelRequest, assembly: Assembly, heard: Overheard) -> None:
        """How the answer ended and whether it was counted, as the provider itself said: LiteLLM calls any end "stop" and counts itself."""
        if not heard.status:  # a provider without a wire, such as the demo model
            assembly.ended = True
            return
        if heard.error:
            raise self._told(heard, request)
        word = heard.finish
        if word is None and heard.malformed:
            raise bad_reply(request.model, heard.malformed)
        if request.output_schema is not None and word == "tool_use" and not assembly.wishes:
            word = "stop"  # the schema was asked for as a tool, and is the text again
        if not heard.counted:
            assembly.usage = None
        assembly.ended = heard.ended or not self._stream
        assembly.take({"choices": [{"finish_reason": word}]})

    @asynccontextmanager
    async def _client(self, timeout_s: float, heard: Overheard) -> AsyncIterator[Any]:
        """LiteLLM's own client, with our way out in place of its sockets."""
        from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

        from orchestrator.capabilities.egress.httpx_transport import EgressTransport

        limits = Limits(connect_s=min(_CONNECT_S, timeout_s), read_s=timeout_s, total_s=timeout_s)
        transport = EgressTransport(self._egress, self._hosts, limits, heard)
        try:
            yield AsyncHTTPHandler(timeout=timeout_s, transport=transport, follow_redirects=False)
        finally:
            await transport.aclose()

    def _failure(self, error: Exception, request: ModelRequest, heard: Overheard) -> ModelError:
        """What the provider or the way to it said comes first; what LiteLLM makes of it tells people little."""
        model, failed = request.model, heard.failed
        if isinstance(failed, EgressRefused):
            told = f"The address of {model} is not allowed: {failed.message}"
            return ModelError(told, code=ErrorCode.MODEL_BAD_REQUEST, cure=failed.cure)
        if heard.refused:
            return self._refusal(heard, request)
        if heard.error:
            return self._told(heard, request)
        if isinstance(failed, EgressFailed):
            return failed_on_the_way(failed, request, self._host, (self._key,))
        if heard.status and broke_off(heard.finish or ""):
            return cut(model, heard.finish or "")
        if heard.status:
            return bad_reply(model, heard.malformed or "JSON of an unknown shape", may_pass=bool(heard.malformed))
        if type(error).__name__ == "Timeout":
            return timed_out(model, self._host, request.timeout_s)
        return not_asked(model, redacted(_shortened(error), (self._key,)))

    def _refusal(self, heard: Overheard, request: ModelRequest) -> ModelError:
        to = heard.headers.get("location", "")
        if 300 <= heard.status < 400 and to:
            return moved(request.model, self._host, redacted(_host_of(to) or self._host, (self._key,)))
        error = self._told(heard, request)
        simpler = self._dialects.of(self._host, request.model, PLAIN).after(heard.status, heard.body, request, stream=self._stream)
        if simpler is None:
            return error
        self._dialects.learn(self._host, request.model, simpler)
        return Simplified(error.info.message, cure="Nothing has to be done: it is asked again without what it does not take.")

    def _told(self, heard: Overheard, request: ModelRequest) -> ModelError:
        """The provider's own refusal, be it that it came in the place of an answer or in the middle of one."""
        status, body = (heard.error_status, heard.error) if heard.error else (heard.status, heard.body)
        headers = heard.headers
        return refusal(status, body, headers, model=request.model, host=self._host, secrets=(self._key,), waited_s=request.timeout_s)


def _host_of(address: str) -> str:
    """Host and port, as people are told; nothing of an address within the same host."""
    try:
        parts = urlsplit(address)
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return "an address that is none"


def _without_end(whole: dict[str, Any]) -> dict[str, Any]:
    for choice in whole.get("choices") or ():
        choice["finish_reason"] = None
        message = choice["message"]
        if message.get("reasoning_content") and message.get("content"):  # thought was cut off in front of it
            message["content"] = message["content"].lstrip()
    return whole


def _plain(chunk: Any) -> dict[str, Any]:
    """What counts of a chunk. Dumping the whole of it would cost more than everything else we do."""
    choices = []
    for choice in chunk.choices:
        delta = choice.delta
        found: dict[str, Any] = {"content": delta.content, "reasoning_content": getattr(delta, "reasoning_content", None)}
        if delta.tool_calls:
            found["tool_calls"] = [call.model_dump() for call in delta.tool_calls]
        if getattr(delta, OLD_WAY, None):
            found[OLD_WAY] = delta.function_call.model_dump()
        choices.append({"index": choice.index, "delta": found})
    usage = getattr(chunk, "usage", None)
    return {"model": chunk.model, "choices": choices, "usage": usage.model_dump() if usage is not None else None}


def _shortened(error: Exception) -> str:
    """LiteLLM's message without the class names it puts in front and the traceback behind."""
    said, _, _ = str(error).partition("Traceback (most recent call last)")
    return said.rsplit("Exception - ", 1)[-1].removeprefix("litellm.").strip()
