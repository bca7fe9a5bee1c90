"""Which of the memories that came near are told, and in which order: the same whatever store they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from orchestrator.engine.document.agents.memory import Retrieval
from runs.vector_field import Vector

POOL: Final = 200
"""As many of the most alike are looked at when more than likeness counts."""
_SPARE: Final = 20
_DAY_US: Final = 86_400_000_000
_DIGITS: Final = 6
"""Of a score. What differs by less is alike, and the older one, by its number, comes first."""


@dataclass(frozen=True, slots=True)
class Near:
    """A memory that came near. `kept_us`: when, in microseconds since 1970."""

    id: int
    vector: Vector
    kept_us: int


@dataclass(frozen=True, slots=True)
class Ranked:
    id: int
    score: float
    similarity: float


def pool_of(retrieval: Retrieval) -> int:
    """How many of the most alike have to be looked at."""
    return retrieval.k + _SPARE if retrieval.strategy == "similarity" else max(POOL, retrieval.k)


def rank(question: Vector, near: Sequence[Near], retrieval: Retrieval, now_us: int) -> list[Ranked]:
    """At most k, best first, none below the least score."""
    if not near:
        return []
    ordered = sorted(near, key=lambda one: one.id)
    vectors = np.array([one.vector for one in ordered], dtype=np.float64)
    alike = np.clip(np.round(vectors @ question.astype(np.float64), _DIGITS), 0.0, 1.0)
    if retrieval.strategy == "mmr":
        chosen = diverse(vectors, alike, retrieval)
        return [Ranked(ordered[at].id, float(alike[at]), float(alike[at])) for at in chosen]
    scores = alike
    if retrieval.strategy == "recency":
        ages = np.array([max(0, now_us - one.kept_us) / _DAY_US for one in ordered])
        scores = np.round(alike * 0.5 ** (ages / retrieval.half_life_days), _DIGITS)
    best = [at for at in np.argsort(-scores, kind="stable") if scores[at] >= retrieval.min_score][: retrieval.k]
    return [Ranked(ordered[at].id, float(scores[at]), float(alike[at])) for at in best]


def diverse(vectors: npt.NDArray[np.float64], alike: npt.NDArray[np.float64], retrieval: Retrieval) -> list[int]:
    """Maximal marginal relevance: one after the other what is like the question and unlike those already chosen."""
    open_ones = alike >= retrieval.min_score
    nearest = np.zeros(len(alike))
    chosen: list[int] = []
    while len(chosen) < retrieval.k and open_ones.any():
        worth = np.round((1 - retrieval.diversity) * alike - retrieval.diversity * nearest, _DIGITS)
        at = int(np.argmax(np.where(open_ones, worth, -np.inf)))
        chosen.append(at)
        open_ones[at] = False
        nearest = np.maximum(nearest, vectors @ vectors[at])
    return chosen
