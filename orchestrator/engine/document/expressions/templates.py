"""Texts with placeholders: `{{ expression }}`."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Final

from orchestrator.engine.document.expressions.library import MAX_TEXT
from orchestrator.engine.errors import ExpressionFailed
from orchestrator.engine.ids import Json

_PLACEHOLDER: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def placeholders(template: str) -> list[str]:
    """The expressions between `{{` and `}}`, in order."""
    return [match.strip() for match in _PLACEHOLDER.findall(template)]


async def render(template: str, value_of: Callable[[str], Awaitable[Json]]) -> str:
    """`template` with each placeholder replaced by its value; text as it is, all else as JSON.

    Values are only substituted, never read as templates themselves.
    """
    parts: list[str] = []
    length = position = 0
    for match in _PLACEHOLDER.finditer(template):
        value = await value_of(match.group(1))
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=None)
        parts += [template[position : match.start()], text]
        length += match.start() - position + len(text)
        position = match.end()
        if length > MAX_TEXT:
            raise ExpressionFailed(f"The text grew over {MAX_TEXT} characters", cure="Put less into the template.")
    return "".join(parts) + template[position:]
