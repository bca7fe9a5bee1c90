"""Expressions and templates evaluated at once, as a run evaluates what is cheap."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from orchestrator.engine.document.expressions import templates
from orchestrator.engine.document.expressions.evaluation import evaluate, truth
from orchestrator.engine.document.expressions.variables import Variables
from orchestrator.engine.execution.evaluation.evaluating import Evaluating
from orchestrator.engine.ids import Json
from orchestrator.engine.testing import InPlace

T = TypeVar("T")
EVALUATING = Evaluating(InPlace())


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """What an async function gives that has nothing to wait for."""
    try:
        work.send(None)
    except StopIteration as ended:
        found: T = ended.value
        return found
    raise AssertionError("it waits")


async def fault_in(schema: dict[str, Json], value: Json) -> str | None:
    return next(iter(await EVALUATING.faults(schema, value)), None)


def is_open(condition: str, variables: Variables) -> bool:
    return truth(condition, evaluate(condition, variables))


def render(template: str, variables: Variables) -> str:
    async def value_of(source: str) -> Json:
        return evaluate(source, variables)

    return at_once(templates.render(template, value_of))
