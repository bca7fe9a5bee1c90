"""Reads answers: what is missing or of another kind is said by name."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from baton_client.errors import bad_answer
from baton_client.json_values import Json

T = TypeVar("T")


class Fields:
    """An object of an answer. Every reading raises BatonError `bad_answer` where the value does not fit."""

    def __init__(self, value: Json) -> None:
        if not isinstance(value, dict):
            raise bad_answer(f"The server's answer has {_kind(value)} where an object was expected.")
        self.all = value

    def text(self, name: str, default: str | None = None) -> str:
        value = self._value(name, default)
        if not isinstance(value, str):
            raise _misfit(name, value, "a text")
        return value

    def text_or_none(self, name: str) -> str | None:
        return None if self.all.get(name) is None else self.text(name)

    def number(self, name: str, default: int | None = None) -> int:
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _misfit(name, value, "a whole number")
        return value

    def number_or_none(self, name: str) -> int | None:
        return None if self.all.get(name) is None else self.number(name)

    def flag(self, name: str) -> bool:
        value = self._value(name, None)
        if not isinstance(value, bool):
            raise _misfit(name, value, "true or false")
        return value

    def json(self, name: str) -> Json:
        return self.all.get(name)

    def fields(self, name: str) -> "Fields":
        return Fields(self._value(name, None))

    def list(self, name: str, read: Callable[["Fields"], T]) -> list[T]:
        return list(self.each(name, read))

    def each(self, name: str, read: Callable[["Fields"], T]) -> Iterator[T]:
        value = self._value(name, None)
        if not isinstance(value, list):
            raise _misfit(name, value, "a list")
        for entry in value:
            yield read(Fields(entry))

    def time(self, name: str) -> datetime:
        """With its time zone."""
        text = self.text(name)
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            time = None
        if time is None or time.tzinfo is None:
            raise _misfit(name, text[:40], "a time with its zone")
        return time

    def time_or_none(self, name: str) -> datetime | None:
        return None if self.all.get(name) is None else self.time(name)

    def _value(self, name: str, default: Json) -> Json:
        value = self.all.get(name)
        return default if value is None else value


def _misfit(name: str, value: Json, expected: str) -> Exception:
    return bad_answer(f"The server's answer has {_kind(value)} as `{name[:60]}` where {expected} was expected.")


def _kind(value: Json) -> str:
    kinds = {type(None): "nothing", bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
    return kinds.get(type(value), "an object")
