"""Slugs: what a title is called in addresses. Small ASCII letters, digits and hyphens, from whatever script."""

import secrets

from django.utils.text import slugify

LONGEST = 50
"""Leaves room for an ending within the column."""
RANDOM = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that is easily taken for another."""

_SPELLED = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "þ": "th", "_": "-"})
"""Letters that have no simpler one inside."""


def slug_of(title: str, *, otherwise: str) -> str:
    """Made of what is Latin in the title; where nothing is, `otherwise` with a random ending."""
    return slugify(title.lower().translate(_SPELLED))[:LONGEST].strip("-") or with_ending(otherwise)


def with_ending(slug: str) -> str:
    """Nobody can tell what it would have met without the ending."""
    return f"{slug}-{''.join(secrets.choice(RANDOM) for _ in range(6))}"
