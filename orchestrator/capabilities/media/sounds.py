"""Sounds: how long they are, where that can be told without playing them."""

import io
import wave


def length_s(content: bytes) -> float | None:
    """Seconds of a WAV; None for any other format."""
    try:
        with wave.open(io.BytesIO(content)) as sound:
            return float(sound.getnframes() / sound.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return None
