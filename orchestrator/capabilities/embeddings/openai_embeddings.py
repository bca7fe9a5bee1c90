"""Vectors from endpoints that speak OpenAI's protocol."""

import json
from typing import Any, Final

from orchestrator.capabilities.egress.client import Egress, Limits, unpacked
from orchestrator.capabilities.egress.errors import EgressFailed, EgressRefused
from orchestrator.capabilities.embeddings.reading import Vectors, vectors_in
from orchestrator.capabilities.language_models.failures import bad_reply, refusal
from orchestrator.capabilities.redaction import redacted
from orchestrator.engine.errors import MemoryFailed, ModelError

_SECONDS: Final = 30.0
_MOST_BYTES: Final = 16 * 1024 * 1024


class OpenAIEmbeddings:
    """One endpoint with one key."""

    def __init__(self, *, base: str, key: str, egress: Egress) -> None:
        self._base = base.rstrip("/")
        self._key = key
        self._egress = egress

    async def embed(self, model: str, texts: list[str]) -> tuple[Vectors, int]:
        """A row of length 1 for each text, and the tokens that were read. Raises MemoryFailed."""
        try:
            return vectors_in(model, len(texts), _parsed(model, await self._ask(model, texts)))
        except EgressRefused as error:
            raise MemoryFailed(f"The address of {model} is not allowed: {error.message}", cure=error.cure) from None
        except EgressFailed as error:
            told = redacted(str(error), (self._key,))
            raise MemoryFailed(f"{model} could not be asked for vectors: {told}", cure="Check the address, or try again later.") from None
        except ModelError as error:
            raise MemoryFailed(redacted(error.info.message, (self._key,)), cure=error.info.cure) from None

    async def _ask(self, model: str, texts: list[str]) -> bytes:
        url = self._egress.checked(f"{self._base}/embeddings")
        body = {"model": model.partition("/")[2], "input": texts}
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        limits = Limits(connect_s=10.0, read_s=_SECONDS, total_s=_SECONDS, max_bytes=_MOST_BYTES)
        async with self._egress.open("POST", url, headers=headers, body=json.dumps(body).encode(), limits=limits) as response:
            content = b"".join([piece async for piece in unpacked(response, _MOST_BYTES)])
            if response.status != 200:
                said = content[:65_536].decode("utf-8", "replace")
                raise refusal(response.status, said, response.headers, model=model, secrets=(self._key,), waited_s=_SECONDS)
            return content


def _parsed(model: str, content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise bad_reply(model, "no vectors", may_pass=False) from None
