"""Evaluating an expression in this process, at once.

CEL cannot touch anything but the values that it is given, and always ends; when, depends on the values. What may
take long is for a process that can be stopped: see `cost`.
"""

import base64
import math
from operator import itemgetter

from orchestrator.engine.document.expressions.expression import Expression, read_expression
from orchestrator.engine.document.expressions.failures import cause, describe, failed
from orchestrator.engine.document.expressions.library import cel, context_of
from orchestrator.engine.document.expressions.order import may_be_objects
from orchestrator.engine.document.expressions.variables import Variables
from orchestrator.engine.errors import ExpressionFailed
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import clean_text


def evaluate(source: str, variables: Variables) -> Json:
    """The value of a CEL expression, as JSON. Raises ExpressionFailed naming the expression and the cause."""
    expression = read_expression(source)
    if expression.plain_path is not None:
        return expression.look_up(variables)
    return execute(expression, expression.seen(variables), variables.known())


def evaluate_seen(source: str, seen: dict[str, Json], known: list[str]) -> Json:
    """The value of an expression over what it sees. `known` are the names of all variables, for what is told of a wrong one."""
    return execute(read_expression(source), seen, set(known))


def execute(expression: Expression, seen: dict[str, Json], known: set[str]) -> Json:
    orders = may_be_objects(expression.places, seen)
    program = expression.in_order if orders else expression.program
    try:
        result = program.execute(context_of(seen) if orders or expression.extended else seen)
    except Exception as error:  # noqa: BLE001 - the library raises many kinds; all mean the same here
        raise failed(expression.source, cause(error, known, _named(expression, seen))) from None
    return to_json(result, expression.source)


def truth(condition: str, value: Json) -> bool:
    """What a condition gave. Anything but true or false is an error, never a guess."""
    if not isinstance(value, bool):
        raise ExpressionFailed(
            f"Condition `{condition[:200]}` gave {describe(value)}, expected true or false",
            cure="Compare the value with something, such as size(input) > 0.",
        )
    return value


def to_json(value: object, source: str = "") -> Json:
    """`value` as JSON data. Raises ExpressionFailed for what JSON has no form for."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ExpressionFailed(f"Expression `{source[:200]}` gave {value}, which is not a JSON number", cure="Guard the division.")
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, cel.OptionalValue):  # of first() and last(), which may find nothing
        return to_json(value.value() if value.has_value() else None, source)
    if isinstance(value, list | tuple):
        return [to_json(item, source) for item in value]
    if isinstance(value, dict):
        # CEL keeps no order of keys: without one, a text made of them would differ from one execution to the next.
        return {
            key: to_json(item, source)
            for key, item in sorted(((clean_text(str(key)), item) for key, item in value.items()), key=itemgetter(0))
        }
    isoformat = getattr(value, "isoformat", None)
    if callable(isoformat):
        return str(isoformat())
    return str(value)


def _named(expression: Expression, seen: dict[str, Json]) -> list[tuple[str, Json]]:
    """The values under the paths that the expression names, as far as they lead."""
    found: dict[str, Json] = {}
    for path in expression.paths:
        if path[0] not in seen:
            continue
        value: Json = seen[path[0]]
        for name in path[1:]:
            if not isinstance(value, dict) or name not in value:
                break
            value = value[name]
        else:
            found[".".join(path)] = value
    return list(found.items())
