"""A player of the Game of 24 in the place of a model: it really computes its moves and really judges positions.

Make 24 of four numbers with + - * /, each number once. A thought is one operation and what is left after it, written as in
Yao et al. 2023: `10 - 4 = 6 (left: 6 9 13)`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.testing import says

Numbers = tuple[Fraction, ...]
TARGET = Fraction(24)
_LEFT = re.compile(r"\(left: ([^)]*)\)")
_MOVE = re.compile(r"(\S+) ([-+*/]) (\S+) = (\S+) \(left: ([^)]*)\)")


def moves(numbers: Numbers) -> Iterator[tuple[str, Numbers]]:
    """Every operation on two of the numbers, and what is left after it."""
    for i, j in combinations(range(len(numbers)), 2):
        rest = [numbers[k] for k in range(len(numbers)) if k not in (i, j)]
        a, b = max(numbers[i], numbers[j]), min(numbers[i], numbers[j])
        done = [(a, "+", b, a + b), (a, "*", b, a * b), (a, "-", b, a - b)]
        done += [(one, "/", other, one / other) for one, other in ((a, b), (b, a)) if other]
        for one, sign, other, result in done:
            left = tuple(sorted([*rest, result]))
            yield f"{one} {sign} {other} = {result} (left: {' '.join(map(str, left))})", left


def solvable(numbers: Numbers) -> bool:
    return numbers == (TARGET,) or any(solvable(left) for _, left in moves(numbers))


@dataclass
class Player:
    """`sees` is how few numbers must be left for it to see whether 24 can still be reached: an average player sees little."""

    sees: int = 2
    most: int = 8
    calls: int = 0

    def __call__(self, request: ModelRequest) -> ModelReply:
        self.calls += 1
        asked = request.messages[-1].text
        numbers = position(request)
        properties = (request.output_schema or {}).get("properties", {})
        assert isinstance(properties, dict)
        if "thoughts" in properties:
            best = sorted((move for move, _ in moves(numbers)), key=lambda move: abs(result_of(move) - 12))
            return says(json.dumps({"thoughts": list(dict.fromkeys(best))[: self.most]}))
        if "value" in properties:
            return says(json.dumps({"why": "looked ahead", "value": self._value(numbers)}))
        return says("\n".join(f"{a} {sign} {b} = {c}" for a, sign, b, c, _ in _MOVE.findall(asked)))

    def _value(self, numbers: Numbers) -> str:
        if len(numbers) > self.sees:
            return "likely"
        return "sure" if solvable(numbers) else "impossible"


def result_of(move: str) -> Fraction:
    found = _MOVE.match(move)
    assert found is not None
    return Fraction(found[4])


def position(request: ModelRequest) -> Numbers:
    """The numbers left after the last thought, or those of the task."""
    left = _LEFT.findall(request.messages[-1].text)
    words = left[-1] if left else next(message.text for message in request.messages if message.role == "user")
    return tuple(sorted(Fraction(number) for number in re.findall(r"\d+(?:/\d+)?|-\d+", words)))


def is_solution(puzzle: str, answer: str) -> bool:
    """Whether the lines of an answer use each number once, compute rightly and end at 24; checked without the player's own code."""
    have = sorted(Fraction(number) for number in puzzle.split())
    for line in answer.splitlines():
        left, right = line.split(" = ")
        a, sign, b = left.split()
        one, other, result = Fraction(a), Fraction(b), Fraction(right)
        computed = {"+": one + other, "-": one - other, "*": one * other, "/": one / other if other else None}[sign]
        for number in (one, other):
            if computed != result or number not in have:
                return False
            have.remove(number)
        have.append(result)
    return have == [TARGET]
