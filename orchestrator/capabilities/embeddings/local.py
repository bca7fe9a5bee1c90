"""A vector of the words of a text and of their parts, computed here.

It is lexical, not semantic: texts are alike when they share words, or words that are spelt alike. It knows no
synonyms and no translations. It needs no provider, is the same on every machine, and costs nothing.
"""

import re
import unicodedata
from zlib import crc32

import numpy as np
import numpy.typing as npt

from orchestrator.engine.document.agents.memory import LOCAL_EMBEDDING

DIMENSION = 256
_WORD = re.compile(r"\w+")
_SIZES = (3, 4)
"""Letters of the parts of words, whose ends count as letters."""
_OF_WORD, _OF_PART = 2.0, 1.0
assert LOCAL_EMBEDDING.endswith(f"-{DIMENSION}")


def embed(text: str) -> npt.NDArray[np.float32]:
    """Of length 1; all zeros for a text without any word."""
    words = _WORD.findall(_plain(text))
    parts = [f"_{word}_"[start : start + size] for word in words for size in _SIZES for start in range(len(word) + 3 - size)]
    vector = _hashed(words, _OF_WORD) + _hashed(parts, _OF_PART)
    length = float(np.linalg.norm(vector))
    return (vector / length if length else vector).astype(np.float32)


def _plain(text: str) -> str:
    """Without case and accents."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in spread if not unicodedata.combining(sign))


def _hashed(features: list[str], weight: float) -> npt.NDArray[np.float64]:
    """What occurs often counts more, but less than so many times as much. Half of the features count below zero, so that those
    which meet in one place do not add up."""
    if not features:
        return np.zeros(DIMENSION)
    hashes = np.fromiter((crc32(feature.encode("utf-8", "surrogatepass")) for feature in features), dtype=np.int64, count=len(features))
    each, counts = np.unique(hashes, return_counts=True)
    values = np.where(each & 1, 1.0, -1.0) * np.sqrt(counts) * weight
    vector = np.zeros(DIMENSION)
    np.add.at(vector, (each >> 1) % DIMENSION, values)
    return vector
