"""Trying again: a few times, later each time, never sooner than the provider says.

Partial text of a failed attempt is never part of a reply. When an attempt failed after it had
streamed something, the listener gets RESTART before the next attempt's first piece: whatever it
showed of this call is void. So what to show is always the text after the last RESTART.

Whatever adapter answered or failed, the numbers of its usage go on from here bounded.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.capabilities.language_models.dialects import Simplified
from orchestrator.capabilities.language_models.failures import too_patient
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.errors import ModelError
from orchestrator.engine.ports import CallContext, Delta, FailedAttempt, LanguageModel

RESTART: Final = "\f"


@dataclass(frozen=True)
class Backoff:
    """Waits of `first_s * 2**k`, at most `longest_s`, each multiplied by a random factor in [0.5, 1)."""

    attempts: int = 3
    """Calls that may be billed. One that the endpoint refused because of a parameter costs nothing and is not counted."""
    first_s: float = 0.5
    longest_s: float = 20.0
    patience_s: float = 60.0
    """A provider that asks for a longer wait than this is not waited for."""


class RetryingModel:
    """Asks another model again when its failure may pass."""

    def __init__(
        self,
        inner: LanguageModel,
        backoff: Backoff | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._inner = inner
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._chance = chance

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        attempt = simplified = 0
        listener = _Listener(call.on_delta)
        heard = replace(call, on_delta=listener)
        while True:
            attempt += 1
            try:
                reply = await self._inner.complete(request, heard)
                return reply.model_copy(update={"usage": reply.usage.bounded()})
            except ModelError as error:
                error.usage = error.usage and error.usage.bounded()
                simplified += isinstance(error, Simplified)
                wait = 0.0 if isinstance(error, Simplified) else self._wait(error, attempt - simplified)
                if wait is None:
                    raise
                call.on_failed_attempt(FailedAttempt(attempt, error.info, wait, error.usage))
            listener.restart()
            await self._sleep(wait)

    def _wait(self, error: ModelError, attempt: int) -> float | None:
        """Seconds until the next attempt; None when there is none. Raises ModelError when the provider wants too long a wait."""
        plan = self._backoff
        if not error.info.retryable or attempt >= plan.attempts:
            return None
        own: float = min(plan.longest_s, plan.first_s * 2 ** (attempt - 1)) * (0.5 + 0.5 * self._chance())
        asked = error.info.retry_after_s or 0.0
        if asked > plan.patience_s:
            raise too_patient(error, plan.patience_s) from error
        return max(own, asked)


class _Listener:
    """Passes pieces on, and remembers whether there were any."""

    def __init__(self, on_delta: Delta) -> None:
        self._on_delta = on_delta
        self._heard = False
        self._void = False

    def __call__(self, text: str) -> None:
        if self._void:
            self._on_delta(RESTART)
            self._void = False
        self._heard = True
        self._on_delta(text)

    def restart(self) -> None:
        self._void = self._void or self._heard
        self._heard = False
