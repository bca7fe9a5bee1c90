"""The engine's way out for what is not cheap to evaluate."""

import asyncio
from collections.abc import Callable

from orchestrator.capabilities.evaluation.limits import DOCUMENT_LIMITS, TookTooMuch, WorkLimits
from orchestrator.capabilities.evaluation.pool import Pool, Unavailable
from orchestrator.engine.document.expressions.evaluation import evaluate_seen
from orchestrator.engine.document.json_schema import faults_as_json
from orchestrator.engine.document.problems import Problem
from orchestrator.engine.document.validation import errors_of_text
from orchestrator.engine.errors import EngineError, ExpressionFailed, HostUnavailable
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import MOST_VALUES, holds_too_many


class PooledEvaluator:
    """Evaluates on behalf of one owner (a tenant), in the processes of a pool."""

    def __init__(self, pool: Pool, owner: str) -> None:
        self._pool = pool
        self._owner = owner

    async def value(self, source: str, seen: dict[str, Json], known: list[str]) -> Json:
        names: list[Json] = list(known)
        try:
            found = await self.ask(evaluate_seen, source, seen, names)
        except TookTooMuch as error:
            raise TookTooMuch(f"Expression `{source[:200]}` was stopped. {error.info.message}") from None
        except EngineError as error:
            raise ExpressionFailed.of(error.info) from None
        if holds_too_many(found):
            raise TookTooMuch(f"Expression `{source[:200]}` gave more than {MOST_VALUES} texts, numbers, lists and objects")
        return found

    async def graph_errors(self, text: str) -> list[Problem]:
        try:
            found = await self.ask(errors_of_text, text, limits=DOCUMENT_LIMITS)
        except TookTooMuch as error:
            raise TookTooMuch(f"Checking the graph was stopped. {error.info.message}", cure="Make the graph smaller.") from None
        return [Problem.model_validate(problem) for problem in found] if isinstance(found, list) else []

    async def faults(self, schema: dict[str, Json], value: Json) -> list[str]:
        try:
            found = await self.ask(faults_as_json, schema, value)
        except TookTooMuch as error:
            raise TookTooMuch(f"Holding a value against its schema was stopped. {error.info.message}") from None
        return [str(fault) for fault in found] if isinstance(found, list) else []

    async def ask(self, function: Callable[..., Json], *arguments: Json, limits: WorkLimits | None = None) -> Json:
        """What a function of ours gives in a process. Raises its EngineErrors, TookTooMuch, HostUnavailable."""
        try:
            return await asyncio.wrap_future(self._pool.submit(self._owner, function, *arguments, limits=limits))
        except Unavailable as error:
            raise HostUnavailable(str(error)) from error
