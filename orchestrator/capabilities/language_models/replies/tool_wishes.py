"""The tool calls of an answer, put together from whole calls or from pieces, however the server numbers them."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from orchestrator.capabilities.language_models.replies.text import mended, plain
from orchestrator.engine.effects.model import ToolRequest
from orchestrator.engine.json_text import NotJson, clean_json

OLD_WAY: Final = "function_call"
"""The field with the one call that servers of 2023 answer with."""


@dataclass
class _Wish:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def is_whole(self) -> bool:
        text = "".join(self.arguments).strip()
        if not text.endswith("}"):
            return False
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
        return True


class ToolWishes:
    """Takes calls as they come. Raises AttributeError or TypeError for what is no call."""

    def __init__(self) -> None:
        self._wishes: list[_Wish] = []
        self._by_index: dict[object, _Wish] = {}

    def __bool__(self) -> bool:
        return bool(self._wishes)

    def take(self, call: dict[str, Any], position: object) -> int:
        """Begin a call or go on with one; how many characters came. `position` numbers a call that has no number of its own."""
        index = call.get("index")
        index = position if index is None else index
        function = call.get("function") or {}
        known, name, id = self._by_index.get(index), plain(function.get("name")), plain(call.get("id"))
        wish = known
        if wish is None or _is_another(wish, id, name):
            wish = _Wish()
            self._by_index[index] = wish
            self._wishes.append(wish)
        wish.id = wish.id or id
        wish.name = wish.name or name
        arguments = _written(function.get("arguments"))
        wish.arguments.append(arguments)
        return len(arguments) + len(name)

    def requests(self) -> tuple[ToolRequest, ...]:
        """The calls, each with an id of its own."""
        found: dict[str, ToolRequest] = {}
        for number, wish in enumerate(self._wishes, start=1):
            id = mended(wish.id) or f"call-{number}"
            id = id if id not in found else f"{id}-{number}"
            found[id] = ToolRequest(id=id, name=mended(wish.name), arguments=mended("".join(wish.arguments)) or "{}")
        return tuple(found.values())


def _is_another(wish: _Wish, id: str, name: str) -> bool:
    """Some servers number every call 0 or not at all: a new id with a name, or a name after whole arguments, is a new call."""
    if not name:
        return False
    return bool(id and wish.id and id != wish.id) or (wish.is_whole() and not (id and id == wish.id))


def _written(arguments: object) -> str:
    """Arguments as text; some servers give them as the object that they are."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    try:
        return json.dumps(clean_json(arguments), ensure_ascii=False)
    except NotJson as error:
        raise TypeError from error
