"""Figures of runs as pages show them."""

import json
import math
from collections.abc import Mapping
from typing import Any

from django import template

from runs.control.answer_form import takes_text
from runs.models import Approval

register = template.Library()

NANO = 1_000_000_000


@register.filter
def dollars(nano_usd: int) -> str:
    """Whole nano-dollars as dollars, to four significant digits, as everywhere in the product."""
    if nano_usd == 0:
        return "$0"
    amount = abs(nano_usd) / NANO
    digits = max(0, min(9, 3 - math.floor(math.log10(float(f"{amount:.4g}")))))
    return f"{'-' if nano_usd < 0 else ''}${amount:,.{digits}f}"


@register.filter
def pretty_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def words(status: str) -> str:
    """A status as a person reads it: Limit exceeded."""
    return status.replace("_", " ").capitalize()


@register.filter
def is_text(value: Any) -> bool:
    return isinstance(value, str)


register.filter("takes_text", takes_text)


@register.filter
def is_the_one(asked: Approval, refused: Mapping[str, Any]) -> bool:
    """Whether this is the question whose answer was refused."""
    return bool(refused) and (asked.run_id, asked.path) == (refused["run"], refused["path"])
