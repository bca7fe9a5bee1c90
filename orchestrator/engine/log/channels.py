"""A channel of shared state: how it takes new values in, and what it held after each event.

A channel that grows, such as a list that is appended to ten thousand times, keeps what was
added, not a copy for each time.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.engine.document.graph import ReducerName
from orchestrator.engine.errors import EngineError, ErrorCode, IllegalTransition
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import ChannelWrite


def reduce_value(reducer: ReducerName, before: Json, value: Json) -> Json:
    """The channel's value after `value` came in. Raises EngineError when the two do not go together."""
    try:
        return _REDUCERS[reducer](before, value)
    except TypeError:
        raise _refusal(reducer, before, value) from None


def _refusal(reducer: ReducerName, before: Json, value: Json) -> EngineError:
    return EngineError(
        f"Reducer {reducer} cannot take {type(value).__name__} into {type(before).__name__}",
        code=ErrorCode.INVALID_OUTPUT,
        cure="Write a value of the kind the channel holds, or choose another reducer.",
    )


@dataclass(slots=True)
class ChannelState:
    """What one channel held, as of every event that wrote to it.

    `seqs` are the numbers of those events. For lists `kept` is the whole list and `ends` its
    length after each event; for objects `kept` is what each event brought; else the value after each.
    """

    reducer: ReducerName
    initial: Json = None
    seqs: list[int] = field(default_factory=list)
    kept: list[Json] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    latest: dict[str, Json] = field(default_factory=dict)
    """Of an object, all that was brought together."""

    def __post_init__(self) -> None:
        if self.reducer in _LISTS:
            self.kept = list(self.initial) if isinstance(self.initial, list) else []
        elif self.reducer is ReducerName.MERGE and isinstance(self.initial, dict):
            self.latest = dict(self.initial)

    def check(self, reducer: ReducerName, value: Json) -> None:
        """Raises EngineError when `value` cannot be taken in, IllegalTransition for another reducer than its own."""
        if reducer is not self.reducer:
            raise IllegalTransition(f"A channel with reducer {self.reducer} was written with {reducer}")
        if reducer in _LISTS:
            if not (self.initial is None or isinstance(self.initial, list)):
                raise _refusal(reducer, self.initial, value)
            if reducer is ReducerName.EXTEND and not isinstance(value, list):
                raise _refusal(reducer, self.kept, value)
        elif reducer is ReducerName.MERGE:
            if not isinstance(value, dict) or not (self.initial is None or isinstance(self.initial, dict)):
                raise _refusal(reducer, self.initial if self.initial is not None else {}, value)
        else:
            reduce_value(reducer, self._last(), value)

    def write(self, seq: int, value: Json) -> None:
        """Take a checked value in."""
        if self.reducer in _LISTS:
            self.kept += value if self.reducer is ReducerName.EXTEND and isinstance(value, list) else [value]
            self.ends.append(len(self.kept))
        elif self.reducer is ReducerName.MERGE and isinstance(value, dict):
            self.kept.append(value)
            self.latest |= value
        else:
            self.kept.append(reduce_value(self.reducer, self._last(), value))
        self.seqs.append(seq)

    def as_of(self, seq: int) -> Json:
        """The value as it stood after event `seq`."""
        count = bisect_right(self.seqs, seq)
        if not count:
            return self.initial
        if self.reducer in _LISTS:
            return self.kept[: self.ends[count - 1]]
        if self.reducer is not ReducerName.MERGE:
            return self.kept[count - 1]
        if count == len(self.seqs):
            return dict(self.latest)
        found = dict(self.initial) if isinstance(self.initial, dict) else {}
        for brought in self.kept[:count]:
            found |= brought if isinstance(brought, dict) else {}
        return found

    def _last(self) -> Json:
        return self.kept[-1] if self.kept else self.initial


def check_writes(channels: Mapping[str, ChannelState], writes: Iterable[ChannelWrite]) -> None:
    """Raises EngineError when a channel cannot take in what is written to it. Nothing is written."""
    seen: set[str] = set()
    for write in writes:
        if write.channel in seen:
            raise IllegalTransition(f"Channel {write.channel} is written twice at once")
        seen.add(write.channel)
        known = channels.get(write.channel) or ChannelState(write.reducer, write.initial)
        known.check(write.reducer, write.value)


def take_writes(channels: dict[str, ChannelState], writes: Iterable[ChannelWrite], seq: int) -> None:
    """Take checked writes in, as of event `seq`."""
    for write in writes:
        if write.channel not in channels:
            channels[write.channel] = ChannelState(write.reducer, write.initial)
        channels[write.channel].write(seq, write.value)


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


def _sum(before: Json, value: Json) -> Json:
    try:
        total = _number(0 if before is None else before) + _number(value)
    except OverflowError:
        raise TypeError from None
    if isinstance(total, float) and not math.isfinite(total):
        raise TypeError
    return total


_LISTS = (ReducerName.APPEND, ReducerName.EXTEND)
_REDUCERS: dict[ReducerName, Callable[[Json, Json], Json]] = {
    ReducerName.LAST: lambda _before, value: value,
    ReducerName.APPEND: lambda before, value: [*_list(before), value],
    ReducerName.EXTEND: _extend,
    ReducerName.MERGE: _merge,
    ReducerName.SUM: _sum,
    ReducerName.MAX: lambda before, value: _number(value) if before is None else max(_number(before), _number(value)),
    ReducerName.MIN: lambda before, value: _number(value) if before is None else min(_number(before), _number(value)),
}
