"""Figures of runs as pages show them."""

import json
from typing import Any

from django import template

register = template.Library()

NANO = 1_000_000_000


@register.filter
def dollars(nano_usd: int) -> str:
    """Whole nano-dollars as dollars: cents when that is enough, more digits for little money."""
    amount = nano_usd / NANO
    return f"${amount:,.2f}" if nano_usd == 0 or amount >= 1 else f"${amount:.6f}"


@register.filter
def pretty_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


@register.filter
def words(status: str) -> str:
    return status.replace("_", " ")
