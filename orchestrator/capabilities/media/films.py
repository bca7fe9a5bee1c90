"""Pictures out of films, by OpenCV where it is installed."""

import base64
from collections.abc import Iterator
from typing import Any, Final

from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import Json

LONGEST_SIDE: Final = 1280
"""Pixels of a frame that is kept."""
LONGEST_S: Final = 4 * 3600.0
_MOST_PIXELS: Final = 40_000_000


class BadFilm(EngineError):
    """The file is no video that can be played."""

    code = ErrorCode.INVALID_INPUT
    cure = "Convert it to MP4 (H.264) or WebM."


def frames_of(path: str, every_s: float | None, at_most: int) -> Json:
    """Frames of the film in a file, in order: `at_s` seconds and `data`, a JPEG in base64.

    One each `every_s` seconds from the start, or without that `at_most` spread evenly. Raises BadFilm.
    """
    try:
        import cv2
    except ImportError:
        raise BadFilm(
            "This installation cannot play videos",
            code=ErrorCode.INVALID_PARAMS,
            cure="Let whoever runs it install baton[video], then start the workers anew.",
        ) from None
    cv2.setNumThreads(1)
    film = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
    try:
        return [frame for at_s in _times(film, cv2, every_s, at_most) if (frame := _frame(film, cv2, at_s)) is not None]
    finally:
        film.release()


def _times(film: Any, cv2: Any, every_s: float | None, at_most: int) -> Iterator[float]:
    rate, count = film.get(cv2.CAP_PROP_FPS), film.get(cv2.CAP_PROP_FRAME_COUNT)
    pixels = film.get(cv2.CAP_PROP_FRAME_WIDTH) * film.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if not film.isOpened() or not 0 < rate < 1000 or count < 1 or not pixels:
        raise BadFilm()
    length_s = count / rate
    if pixels > _MOST_PIXELS or length_s > LONGEST_S:
        raise BadFilm(
            f"The video has {int(pixels)} pixels and lasts {length_s:.0f} s; that is too much", cure="Cut it, or make it smaller."
        )
    step = every_s if every_s is not None else length_s / at_most
    return (index * step for index in range(min(at_most, max(1, int((length_s - 1e-9) / step) + 1))))


def _frame(film: Any, cv2: Any, at_s: float) -> Json:
    film.set(cv2.CAP_PROP_POS_MSEC, at_s * 1000)
    read, picture = film.read()
    if not read:
        return None
    height, width = picture.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    if scale < 1.0:
        picture = cv2.resize(picture, (max(1, int(width * scale)), max(1, int(height * scale))), interpolation=cv2.INTER_AREA)
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 88])
    return {"at_s": round(at_s, 3), "data": base64.b64encode(packed.tobytes()).decode()}
