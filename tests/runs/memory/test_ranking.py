"""Which memories are told is the same as by the plain definition, for any vectors, in whatever order they come."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.engine.document.agents.memory import Retrieval
from runs.memory.ranking import Near, Ranked, rank
from runs.vector_field import Vector

DAY_US = 86_400_000_000
NOW_US = 2_000_000_000_000_000


def vector(seed: int) -> Vector:
    made = np.random.default_rng(seed).standard_normal(8).astype(np.float32)
    return (made / np.linalg.norm(made)).astype(np.float32)


NEAR = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 400)), max_size=25).map(
    lambda rows: [Near(number, vector(seed), NOW_US - days * DAY_US) for number, (seed, days) in enumerate(rows, start=1)]
)
RETRIEVAL = st.builds(
    Retrieval,
    strategy=st.sampled_from(["similarity", "recency", "mmr"]),
    k=st.integers(1, 8),
    min_score=st.sampled_from([0.0, 0.1, 0.5]),
    half_life_days=st.sampled_from([1.0, 30.0]),
    diversity=st.sampled_from([0.0, 0.3, 1.0]),
)


def alike(one: Vector, other: Vector) -> float:
    return float(np.dot(one.astype(np.float64), other.astype(np.float64)))


def by_definition(question: Vector, near: list[Near], retrieval: Retrieval) -> list[int]:
    similar = {one.id: min(1.0, max(0.0, round(alike(one.vector, question), 6))) for one in near}
    if retrieval.strategy == "mmr":
        return diverse_by_definition(near, similar, retrieval)
    worth = dict(similar)
    if retrieval.strategy == "recency":
        worth = {one.id: round(similar[one.id] * 0.5 ** ((NOW_US - one.kept_us) / DAY_US / retrieval.half_life_days), 6) for one in near}
    fitting = [number for number in worth if worth[number] >= retrieval.min_score]
    return sorted(fitting, key=lambda number: (-worth[number], number))[: retrieval.k]


def diverse_by_definition(near: list[Near], similar: dict[int, float], retrieval: Retrieval) -> list[int]:
    vectors = {one.id: one.vector for one in near}
    left = [number for number in similar if similar[number] >= retrieval.min_score]
    chosen: list[int] = []
    while left and len(chosen) < retrieval.k:

        def worth(number: int) -> float:
            told = max([0.0, *(alike(vectors[number], vectors[other]) for other in chosen)])
            return round((1 - retrieval.diversity) * similar[number] - retrieval.diversity * told, 6)

        best = min(left, key=lambda number: (-worth(number), number))
        chosen.append(best)
        left.remove(best)
    return chosen


@settings(deadline=None, max_examples=200)
@given(NEAR, RETRIEVAL, st.integers(0, 30), st.randoms(use_true_random=False))
def test_the_choice_is_that_of_the_definition_in_any_order(near: list[Near], retrieval: Retrieval, seed: int, dice: object) -> None:
    question = vector(seed)
    found = rank(question, near, retrieval, NOW_US)
    assert [one.id for one in found] == by_definition(question, near, retrieval)
    shuffled = list(near)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank(question, shuffled, retrieval, NOW_US) == found
    assert len(found) <= retrieval.k and all(0 <= one.score <= one.similarity <= 1 for one in found)
    assert all(isinstance(one, Ranked) and one.score >= retrieval.min_score for one in found)
