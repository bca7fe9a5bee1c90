"""Evaluating what people wrote for a run: in place when it is cheap, else elsewhere, so that nobody is held up."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from orchestrator.engine.document.expressions import cost
from orchestrator.engine.document.expressions.evaluation import execute, truth
from orchestrator.engine.document.expressions.expression import read_expression
from orchestrator.engine.document.expressions.variables import Variables
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.json_schema import schema_of
from orchestrator.engine.document.problems import GraphInvalid
from orchestrator.engine.document.schema_shape import BadSchema
from orchestrator.engine.document.validation import CHEAP_CHARACTERS, errors_of
from orchestrator.engine.errors import EngineError, ErrorCode, LimitExceeded
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import MAX_DEPTH, is_deeper
from orchestrator.engine.ports import Evaluator

FaultIn = Callable[[dict[str, Json], Json], Awaitable[str | None]]
"""Where and why a value does not fit a schema, or None."""


def require_depth(value: Json, what: str) -> None:
    """Raises LimitExceeded for a value that cannot be walked through safely: a round of a loop may put it into itself again."""
    if is_deeper(value):
        told = f"{what} that is nested deeper than {MAX_DEPTH} levels"
        raise LimitExceeded(told, cure="Keep the parts of it side by side in a list, not inside each other.")


class _Known:
    """The last documents that were found to be valid, known by what they are: to compare whole documents takes long."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._graphs: OrderedDict[int, Graph] = OrderedDict()

    def knows(self, graph: Graph) -> bool:
        return id(graph) in self._graphs

    def remember(self, graph: Graph) -> None:
        self._graphs[id(graph)] = graph
        if len(self._graphs) > self._most:
            self._graphs.popitem(last=False)


_VALID: Final = _Known(256)


class Evaluating:
    """What a run's expressions and schemas are evaluated with. All raise LimitExceeded for what takes too much."""

    def __init__(self, elsewhere: Evaluator) -> None:
        self._elsewhere = elsewhere

    async def value(self, source: str, variables: Variables) -> Json:
        """The value of a CEL expression. Raises ExpressionFailed."""
        expression = read_expression(source)
        if expression.plain_path is not None:
            return expression.look_up(variables)
        seen = expression.seen(variables)
        if cost.is_cheap(expression, seen):
            found = execute(expression, seen, variables.known())
        else:
            found = await self._elsewhere.value(expression.source, seen, sorted(variables.known()))
        require_depth(found, f"Expression `{expression.source[:200]}` gave a value")
        return found

    async def holds(self, condition: str, variables: Variables) -> bool:
        """Whether a condition holds. Raises ExpressionFailed for anything but true or false."""
        return truth(condition, await self.value(condition, variables))

    async def require_valid(self, graph: Graph) -> None:
        """Raises GraphInvalid when the document cannot be executed. One object is checked once as long as it is remembered."""
        if _VALID.knows(graph):
            return
        text = graph.model_dump_json()
        errors = errors_of(graph) if len(text) <= CHEAP_CHARACTERS else await self._elsewhere.graph_errors(text)
        if errors:
            raise GraphInvalid(errors)
        _VALID.remember(graph)

    async def faults(self, schema: dict[str, Json], value: Json) -> list[str]:
        """Where and why `value` does not fit `schema`, the first few places. Raises EngineError for a bad schema."""
        try:
            read = schema_of(schema)
            return read.faults(value) if read.is_cheap(value) else await self._elsewhere.faults(schema, value)
        except BadSchema as error:
            raise EngineError(f"Not a JSON Schema: {error}", code=ErrorCode.INVALID_GRAPH, cure="Correct the schema.") from None
