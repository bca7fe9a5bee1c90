"""Vectors from providers that have no address which speaks OpenAI's protocol: LiteLLM knows how they are asked.

It is given a client of ours, so that its requests pass the same rules as all others. Some of its providers take none:
of those, none is asked this way.
"""

import asyncio
from typing import Any, Final
from urllib.parse import urlsplit

from orchestrator.capabilities.egress.client import Egress, Limits
from orchestrator.capabilities.egress.errors import EgressFailed, EgressRefused
from orchestrator.capabilities.embeddings.reading import Vectors, vectors_in
from orchestrator.capabilities.language_models.failures import bad_reply, refusal
from orchestrator.capabilities.language_models.litellm_model import litellm
from orchestrator.capabilities.language_models.replies.overheard import Overheard
from orchestrator.capabilities.redaction import redacted
from orchestrator.engine.errors import MemoryFailed, ModelError

_SECONDS: Final = 30.0


class LiteLLMEmbeddings:
    """One provider with one key. `base` takes the place of the provider's own `hosts`: calls go nowhere else."""

    def __init__(self, *, key: str, base: str, hosts: tuple[str, ...], egress: Egress) -> None:
        self._key = key
        self._base = base
        self._hosts = (urlsplit(base).netloc,) if base else hosts
        self._egress = egress

    async def embed(self, model: str, texts: list[str]) -> tuple[Vectors, int]:
        """A row of length 1 for each text, and the tokens that were read. Raises MemoryFailed."""
        heard = Overheard()
        try:
            answer = await self._ask(await asyncio.to_thread(litellm), model, texts, heard)
            return vectors_in(model, len(texts), answer)
        except ModelError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a library of a hundred providers raises what it likes
            if isinstance(heard.failed, EgressRefused):
                raise MemoryFailed(f"The address of {model} is not allowed: {heard.failed.message}", cure=heard.failed.cure) from None
            failure = self._failure(error, model, heard)
        raise MemoryFailed(redacted(failure.info.message, (self._key,)), cure=failure.info.cure)

    async def _ask(self, module: Any, model: str, texts: list[str], heard: Overheard) -> dict[str, Any]:
        from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

        from orchestrator.capabilities.egress.httpx_transport import EgressTransport

        limits = Limits(connect_s=10.0, read_s=_SECONDS, total_s=_SECONDS)
        transport = EgressTransport(self._egress, self._hosts, limits, heard)
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await module.aembedding(
                    model=model,
                    input=texts,
                    api_key=self._key or "none",  # without a key of ours LiteLLM would look for one in the environment
                    api_base=self._base or None,
                    client=AsyncHTTPHandler(timeout=_SECONDS, transport=transport, follow_redirects=False),
                    timeout=_SECONDS,
                    max_retries=0,
                    num_retries=0,
                    **{"no-log": True},
                )
        finally:
            await transport.aclose()
        whole: dict[str, Any] = answer.model_dump()
        return whole

    def _failure(self, error: Exception, model: str, heard: Overheard) -> ModelError:
        """What the provider or the way to it said comes first; what LiteLLM makes of it tells people little."""
        if heard.refused:
            return refusal(heard.status, heard.body, heard.headers, model=model, secrets=(self._key,), waited_s=_SECONDS)
        if isinstance(heard.failed, EgressFailed):
            raise MemoryFailed(
                f"{model} could not be asked for vectors: {redacted(heard.failed.message, (self._key,))}",
                cure="Check the address, or try again later.",
            ) from None
        if isinstance(error, TimeoutError):
            raise MemoryFailed(f"{model} gave no vectors within {_SECONDS:g} s", cure="Try again later.") from None
        return bad_reply(model, heard.malformed or "no vectors", may_pass=False)
