"""What people are told of a tool: what it does, what a call looks like, what it may touch, and on which terms it is called."""

from dataclasses import dataclass

from orchestrator.capabilities.tools.registry import shipped_and_added
from orchestrator.capabilities.tools.terms import Terms
from orchestrator.engine.effects.model import NANO
from orchestrator.engine.ids import Json
from tenants.models import Tool
from tenants.policy.tools import lowered

SAFETY = {
    "pure": "It changes nothing. A call that was cut off is made again.",
    "idempotent": "A call that was cut off is made again, under the same key.",
    "unsafe": "A call that was cut off is not made again without a person's word.",
}


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    type: str
    said: str
    required: bool


@dataclass(frozen=True, slots=True)
class ToolCard:
    """`own` are the tool's own terms, `terms` those of this workspace; `own` is None where no process knows the tool any more."""

    tool: Tool
    example: str
    touches: str
    safety: str
    price_usd: float
    arguments: tuple[Argument, ...]
    own: Terms | None
    terms: Terms | None


def card_of(tool: Tool) -> ToolCard:
    known = shipped_and_added().get(tool.name)
    return ToolCard(
        tool=tool,
        example=known.example if known else "",
        touches=known.touches if known else "",
        safety=SAFETY[tool.safety],
        price_usd=tool.price_nano_usd / NANO,
        arguments=_arguments(tool.parameters),
        own=known.terms if known else None,
        terms=known.terms.within(lowered(tool)) if known else None,
    )


def _arguments(parameters: dict[str, Json]) -> tuple[Argument, ...]:
    properties, required = parameters.get("properties"), parameters.get("required")
    if not isinstance(properties, dict):
        return ()
    needed = required if isinstance(required, list) else []
    parts = ((name, part if isinstance(part, dict) else {}) for name, part in properties.items())
    return tuple(Argument(name, _type(part), str(part.get("description", "")), name in needed) for name, part in parts)


def _type(part: dict[str, Json]) -> str:
    """In the words of JSON; the choices where there are any."""
    choices, kind = part.get("enum"), part.get("type")
    if isinstance(choices, list):
        return " | ".join(str(choice) for choice in choices)
    return kind if isinstance(kind, str) else "any"
