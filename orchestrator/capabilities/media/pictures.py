"""Pictures: how large they are, what they show in plain figures, and made smaller where somebody takes no large ones."""

import base64
import io
from typing import Final

from PIL import Image, UnidentifiedImageError

from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import Json

MOST_PIXELS: Final = 50_000_000
"""Of a picture, unpacked: 200 MB of memory."""
LONGEST_SIDE: Final = 2048
"""Pixels that providers look at; what is longer costs time and is scaled down by them."""
MOST_SENT: Final = 4 * 1024 * 1024
"""Bytes of one picture that every provider takes."""
SENT: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Formats that providers take; others are turned into PNG."""
_COLOURS: Final = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "red": (220, 30, 30),
    "orange": (245, 140, 20),
    "yellow": (245, 220, 40),
    "green": (40, 160, 60),
    "cyan": (40, 200, 210),
    "blue": (40, 80, 210),
    "purple": (130, 50, 170),
    "pink": (250, 150, 190),
    "brown": (120, 75, 40),
}
_THUMB: Final = (48, 48)
_ALIKE: Final = 0.05
"""A colour that covers less of a picture than this is not named."""

Image.MAX_IMAGE_PIXELS = None  # every picture is measured by `dimensions_of` before it is unpacked; a warning would help nobody


class BadPicture(EngineError):
    """The file is no picture that can be opened."""

    code = ErrorCode.INVALID_INPUT
    cure = "Open it in a program for pictures and save it anew as PNG or JPEG."


def dimensions_of(content: bytes) -> tuple[int, int]:
    """Width and height in pixels, without unpacking. Raises BadPicture for what is none, or is too large unpacked."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadPicture() from error
    if width * height > MOST_PIXELS:
        raise BadPicture(
            f"The picture unpacks to {width} x {height} pixels, at most {MOST_PIXELS // 1_000_000} million are taken",
            cure="Make it smaller.",
        )
    return width, height


def looked_at(content: str) -> Json:
    """What a picture, as base64, is like: format, size, and the colours that cover most of it with their shares."""
    data = base64.b64decode(content)
    width, height = dimensions_of(data)
    try:
        with Image.open(io.BytesIO(data)) as picture:
            frames = getattr(picture, "n_frames", 1)
            kind = picture.format or ""
            picture.draft("RGB", _THUMB)
            small = picture.convert("RGB").resize(_THUMB)
    except (OSError, ValueError, SyntaxError) as error:
        raise BadPicture("The picture is broken: it ends before its last line") from error
    return {"width": width, "height": height, "format": kind, "frames": frames, "colours": _colours(small)}


def _colours(small: Image.Image) -> Json:
    counts: dict[str, int] = {}
    raw = small.tobytes()
    for place in range(0, len(raw), 3):
        pixel = raw[place : place + 3]
        name = min(_COLOURS, key=lambda each: sum((a - b) ** 2 for a, b in zip(_COLOURS[each], pixel, strict=True)))
        counts[name] = counts.get(name, 0) + 1
    total = len(raw) // 3
    ordered = sorted(counts.items(), key=lambda entry: -entry[1])
    return [[name, round(count / total, 2)] for name, count in ordered if count / total >= _ALIKE]


def needs_less(content: bytes, media_type: str) -> bool:
    """Whether a picture is larger than providers take, or of a format that they do not take."""
    return media_type not in SENT or len(content) > MOST_SENT or max(dimensions_of(content)) > LONGEST_SIDE


def made_smaller(content: str) -> Json:
    """A picture, as base64, as every provider takes it: `data` in base64, `media_type`, `width`, `height`."""
    data = base64.b64decode(content)
    dimensions_of(data)
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            plain = picture.convert("RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise BadPicture("The picture is broken: it ends before its last line") from error
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    packed, media_type = _packed(plain)
    return {"data": base64.b64encode(packed).decode(), "media_type": media_type, "width": plain.width, "height": plain.height}


def _packed(picture: Image.Image) -> tuple[bytes, str]:
    """As PNG where that is small enough, else as JPEG on white."""
    out = io.BytesIO()
    picture.save(out, "PNG")
    if out.tell() <= MOST_SENT:
        return out.getvalue(), "image/png"
    opaque = Image.new("RGB", picture.size, "white")
    opaque.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    out = io.BytesIO()
    opaque.save(out, "JPEG", quality=85)
    return out.getvalue(), "image/jpeg"
