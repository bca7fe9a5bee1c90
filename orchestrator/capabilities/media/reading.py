"""Documents read where they can be stopped: what somebody made to be unpacked without end takes a process and no more."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from orchestrator.capabilities.evaluation.limits import WorkLimits
from orchestrator.capabilities.media.documents import words_of
from orchestrator.engine.ids import Json

MEDIA_LIMITS: Final = WorkLimits(cpu_s=20, wall_s=60.0, memory_bytes=1536 * 1024 * 1024, answer_bytes=64 * 1024 * 1024)
"""For one picture, document or film."""
FIRST_CHARACTERS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Words:
    """The beginning of a document. `pages` is 0 for one that has none."""

    text: str
    cut: bool
    pages: int = 0


def words_from(found: Json) -> Words:
    """What `words_of` gave."""
    assert isinstance(found, dict)
    return Words(str(found["text"]), bool(found["cut"]), int(str(found.get("pages", 0))))


def first_words(evaluated: Callable[..., Json], content: tuple[bytes, str] | None, media_type: str) -> Words:
    """How a document begins; `evaluated` calls a function of ours in an evaluating process."""
    data = base64.b64encode(content[0] if content else b"").decode()
    return words_from(evaluated(words_of, data, media_type, FIRST_CHARACTERS, limits=MEDIA_LIMITS))
