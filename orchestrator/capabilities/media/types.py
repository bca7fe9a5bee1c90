"""What a file is, by its first bytes. Its name is believed only where the bytes leave it open."""

import codecs
import re
from pathlib import PurePath
from typing import Final

import puremagic

from orchestrator.engine.document.files.modality import Modality, modality_of

HEAD_BYTES: Final = 64 * 1024
"""As much of a file as is looked at to tell what it is."""
UNKNOWN: Final = "application/octet-stream"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_USUAL: Final = {
    "image/x-ms-bmp": "image/bmp",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "video/avi": "video/x-msvideo",
    "application/ogg": "audio/ogg",
    "application/x-matroska": "video/x-matroska",
}
"""Types that have several names, by the one that models and browsers know."""
_BY_ENDING: Final = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
"""What plain text is called by the ending of its name."""
_CLAIMS: Final = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"), Modality.IMAGE),
    **dict.fromkeys((".mp3", ".wav", ".m4a", ".ogg", ".oga", ".opus", ".flac", ".aac"), Modality.AUDIO),
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".webm", ".avi", ".mkv"), Modality.VIDEO),
    **dict.fromkeys((".pdf", ".docx"), Modality.DOCUMENT),
    **dict.fromkeys((*_BY_ENDING, ".txt", ".html", ".svg"), Modality.TEXT),
}
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|script|iframe)\b", re.IGNORECASE | re.DOTALL)
_SVG = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg\b", re.IGNORECASE | re.DOTALL)
_CONTROLS: Final = bytes(range(9)) + b"\x0b" + bytes(range(14, 27)) + bytes(range(28, 32)) + b"\x7f"
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,110}")


def media_type_of(head: bytes, name: str) -> str:
    """The media type of a file that begins with `head`."""
    found = _of_text(head, PurePath(name.lower()).suffix) if _is_text(head) else _of_bytes(head)
    if found.startswith("video/") and claimed_by(name) is Modality.AUDIO:
        return found.replace("video/", "audio/", 1)  # one container holds either
    return found


def claimed_by(name: str) -> Modality | None:
    """The kind of file that the ending of a name promises; None for one that promises nothing."""
    return _CLAIMS.get(PurePath(name.lower()).suffix)


def lies(name: str, media_type: str) -> bool:
    """Whether a name promises another kind of file than it is."""
    claimed = claimed_by(name)
    return claimed is not None and claimed is not modality_of(media_type)


def _is_text(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut at the end
    except UnicodeDecodeError:
        return False
    return not head.translate(None, bytes(set(range(256)) - set(_CONTROLS)))


def _of_text(head: bytes, ending: str) -> str:
    if _SVG.match(head):
        return "image/svg+xml"
    if _HTML.match(head):
        return "text/html"
    if head.lstrip().startswith(b"<?xml"):
        return "application/xml"
    return _BY_ENDING.get(ending, "text/plain")


def _of_bytes(head: bytes) -> str:
    if head.startswith(b"PK"):
        return DOCX if b"word/" in head else "application/zip"
    try:
        guesses = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    likely = sorted(guesses, key=lambda guess: -guess.confidence)
    named = (_USUAL.get(guess.mime_type, guess.mime_type) for guess in likely)
    return next((name for name in named if _MEDIA_TYPE.fullmatch(name) and not name.startswith("text/")), UNKNOWN)
