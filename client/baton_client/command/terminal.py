"""Writes to the terminal. What others wrote cannot steer it."""

import json
import logging
import sys
from typing import Final

from baton_client.json_values import Json

_CONTROLS: Final = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), " ")
"""Control characters, line ends and what turns the direction of writing."""


def plain(text: str, longest: int = 400) -> str:
    """On one line, cut where it is long."""
    flat = " ".join(text.translate(_CONTROLS).split())
    return flat if len(flat) <= longest else f"{flat[: longest - 3]}..."


def say(line: str) -> None:
    """A line of output, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_json(value: Json) -> None:
    say(json.dumps(value))


class Notes(logging.Handler):
    """What the client tells while it works, such as that it tries something again."""

    def emit(self, record: logging.LogRecord) -> None:
        note(record.getMessage())


def note(line: str) -> None:
    """A line beside the output."""
    sys.stderr.write(f"baton: {plain(line, 2000)}\n")
    sys.stderr.flush()
