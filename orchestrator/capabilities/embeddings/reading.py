"""What providers answer when they are asked for vectors, made rows of one length."""

import base64
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from orchestrator.capabilities.language_models.failures import bad_reply
from orchestrator.engine.effects.model import MOST_TOKENS

LARGEST: Final = 4_096
"""Numbers of one vector."""

Vectors = npt.NDArray[np.float32]


def vectors_in(model: str, count: int, whole: Any) -> tuple[Vectors, int]:
    """Of an answer in OpenAI's form: a row of length 1 for each of `count` texts, and the tokens that were read. Raises ModelError."""
    try:
        rows = sorted(((int(row.get("index", place)), row["embedding"]) for place, row in enumerate(whole["data"])), key=lambda row: row[0])
        with np.errstate(over="ignore"):  # what is too large is infinite, and refused below
            vectors = np.array([_numbers(embedding) for _, embedding in rows], dtype=np.float32)
            lengths = np.linalg.norm(vectors, axis=1) if vectors.ndim == 2 else np.zeros(0)
        tokens = (whole.get("usage") or {}).get("prompt_tokens", 0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise bad_reply(model, "no vectors", may_pass=False) from None
    if (
        vectors.ndim != 2
        or len(vectors) != count
        or not 0 < vectors.shape[1] <= LARGEST
        or not np.isfinite(lengths).all()
        or not lengths.all()
    ):
        raise bad_reply(model, f"vectors that cannot be used; expected {count} of one size up to {LARGEST}", may_pass=False)
    counted = tokens if isinstance(tokens, int) and 0 <= tokens <= MOST_TOKENS else 0
    return (vectors / lengths[:, None]).astype(np.float32), counted


def _numbers(embedding: Any) -> Any:
    """A list, or the bytes of it in base64, as some servers send it whatever was asked."""
    return np.frombuffer(base64.b64decode(embedding), dtype="<f4") if isinstance(embedding, str) else embedding
