"""Query parameters of the REST API. One declaration checks what is sent, and describes it in OpenAPI."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from tenants.problems import InvalidValue

LONGEST_NUMBER = 15


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter that may be left out. `about` says what it does."""

    name: str
    about: str

    def schema(self) -> dict[str, Any]:
        raise NotImplementedError

    def check(self, text: str) -> None:
        """Raises InvalidValue for a value that the schema does not allow."""
        raise NotImplementedError

    def refused(self, expected: str) -> InvalidValue:
        return InvalidValue(f"`{self.name}` must be {expected}.", details={"parameter": self.name})


@dataclass(frozen=True, slots=True)
class TextFilter(Filter):
    longest: int
    pattern: str = ""
    """Of the whole value, where it has one."""

    def schema(self) -> dict[str, Any]:
        described: dict[str, Any] = {"type": "string", "maxLength": self.longest}
        return described | ({"pattern": f"^{self.pattern}$"} if self.pattern else {})

    def check(self, text: str) -> None:
        if len(text) > self.longest:
            raise self.refused(f"text of at most {self.longest} characters")
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise self.refused(f"text like {self.pattern}")


@dataclass(frozen=True, slots=True)
class NumberFilter(Filter):
    least: int
    most: int
    default: int

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most, "default": self.default}

    def check(self, text: str) -> None:
        plain = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
        if not plain or not self.least <= int(text) <= self.most:
            raise self.refused(f"a whole number from {self.least} to {self.most}, not {text[:40]!r}")


@dataclass(frozen=True, slots=True)
class ChoiceFilter(Filter):
    choices: Collection[str]

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [*self.choices]}

    def check(self, text: str) -> None:
        if text not in self.choices:
            raise self.refused(f"one of {', '.join(self.choices)}, not {text[:40]!r}")


@dataclass(frozen=True, slots=True)
class DayFilter(Filter):
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def check(self, text: str) -> None:
        try:
            if date.fromisoformat(text).isoformat() == text:
                return
        except ValueError:
            pass
        raise self.refused("a day like 2026-01-31")


@dataclass(frozen=True, slots=True)
class IdFilter(Filter):
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}

    def check(self, text: str) -> None:
        try:
            if str(UUID(text)) == text.lower():
                return
        except ValueError:
            pass
        raise self.refused("an id like 123e4567-e89b-12d3-a456-426614174000")


SLUG = r"[-a-zA-Z0-9_]+"
LONGEST_SLUG = 60


def slug_filter(name: str, about: str) -> TextFilter:
    return TextFilter(name, about, longest=LONGEST_SLUG, pattern=SLUG)
