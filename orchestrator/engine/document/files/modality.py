"""By which sense a file is taken in: what a model must be able to do with it."""

from enum import StrEnum
from typing import Final


class Modality(StrEnum):
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    TEXT = "text"


_TEXTS: Final = frozenset({"application/json", "application/xml", "application/yaml", "image/svg+xml"})
"""What is written in characters, though its type does not begin with `text/`. A drawing that can hold a program is no picture."""
_SENSES: Final = {"image": Modality.IMAGE, "audio": Modality.AUDIO, "video": Modality.VIDEO, "text": Modality.TEXT}


def modality_of(media_type: str) -> Modality:
    """What a media type is taken for: a document when it is nothing else."""
    if media_type in _TEXTS:
        return Modality.TEXT
    return _SENSES.get(media_type.partition("/")[0], Modality.DOCUMENT)
