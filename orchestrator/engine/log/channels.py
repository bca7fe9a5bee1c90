"""How a channel of shared state takes a new value in."""

from collections.abc import Callable

from orchestrator.engine.document.graph import ReducerName
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import Json


def reduce_value(reducer: ReducerName, before: Json, value: Json) -> Json:
    """The channel's value after `value` came in. Raises EngineError when the two do not go together."""
    try:
        return _REDUCERS[reducer](before, value)
    except TypeError:
        raise EngineError(
            f"Reducer {reducer} cannot take {type(value).__name__} into {type(before).__name__}",
            code=ErrorCode.INVALID_OUTPUT,
            cure="Write a value of the kind the channel holds, or choose another reducer.",
        ) from None


def _list(before: Json) -> list[Json]:
    if before is None:
        return []
    if not isinstance(before, list):
        raise TypeError
    return before


def _extend(before: Json, value: Json) -> Json:
    if not isinstance(value, list):
        raise TypeError
    return [*_list(before), *value]


def _merge(before: Json, value: Json) -> Json:
    old = {} if before is None else before
    if not isinstance(old, dict) or not isinstance(value, dict):
        raise TypeError
    return {**old, **value}


def _number(value: Json) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


_REDUCERS: dict[ReducerName, Callable[[Json, Json], Json]] = {
    ReducerName.LAST: lambda _before, value: value,
    ReducerName.APPEND: lambda before, value: [*_list(before), value],
    ReducerName.EXTEND: _extend,
    ReducerName.MERGE: _merge,
    ReducerName.SUM: lambda before, value: _number(0 if before is None else before) + _number(value),
    ReducerName.MAX: lambda before, value: _number(value) if before is None else max(_number(before), _number(value)),
    ReducerName.MIN: lambda before, value: _number(value) if before is None else min(_number(before), _number(value)),
}
