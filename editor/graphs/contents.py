"""The bytes of files that were given to runs, read whole or in part, within the tenant being worked for."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models.functions import Length, Substr

from editor.models import FileContent


class Held(NamedTuple):
    """A content as it is kept. `kind` is empty for the file of a graph, which was given to no run."""

    kind: str
    media_type: str
    size: int


def held(digests: Iterable[str]) -> dict[str, Held]:
    """What is known of contents, by digest; without those that are not there."""
    rows = FileContent.objects.filter(digest__in=list(digests)).values_list("digest", "kind", "media_type", Length("content"))
    return {digest: Held(kind, media_type, size) for digest, kind, media_type, size in rows}


def whole(digest: str) -> tuple[bytes, str] | None:
    """The bytes and their media type; None when they are not there."""
    row = FileContent.objects.filter(digest=digest).exclude(kind="").values_list("content", "media_type").first()
    return None if row is None else (bytes(row[0]), row[1])


def piece(digest: str, start: int, length: int) -> bytes:
    """So many bytes from `start`, fewer at the end."""
    part = Substr("content", start + 1, length)
    found = FileContent.objects.filter(digest=digest).values_list(part, flat=True).first()
    return bytes(found or b"")
