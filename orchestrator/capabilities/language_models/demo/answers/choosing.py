"""Which sentences of a text are taken, and how many of them."""

import re
from typing import Final

from orchestrator.capabilities.language_models.demo.situation import Situation
from orchestrator.capabilities.language_models.demo.terms import ranked, sentences, terms, words

_COUNTED = re.compile(
    r"\b(one|two|three|four|five|\d{1,2})\s+(?:short\s+)?(?:sentences?|bullets?|bullet points|points|lines)\b", re.IGNORECASE
)
_NUMBERS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_LONGEST = re.compile(r"\b(?:at most|no more than|up to|maximum of|within)\s+(\d{1,6})\s+(characters|words)\b", re.IGNORECASE)
_GRAVITY: Final = {"critical": 0, "high": 1, "error": 2, "medium": 3, "warning": 4, "low": 5}
_AVOIDED = re.compile(r"\b(?:never say|do not say|avoid)\s+([^.\n]{2,300})", re.IGNORECASE)


def best_sentences(text: str, wanted: set[str], count: int) -> list[str]:
    """The `count` sentences that share most with `wanted`, in their own order."""
    candidates = sentences(text)
    best = sorted(index for _, index in ranked(candidates, wanted)[:count])
    return [candidates[index] for index in best] or candidates[:1]


def chosen(candidates: list[str], wanted: set[str], count: int) -> list[int]:
    """The places of up to `count` sentences that together say most of what is wanted, in their own order; none when none says any of it."""
    taken: list[int] = []
    left = set(wanted)
    while len(taken) < count:
        order = ranked([sentence if index not in taken else "" for index, sentence in enumerate(candidates)], left)
        if not order:
            break
        taken.append(order[0][1])
        left -= terms(candidates[order[0][1]])
    return sorted(taken)


def covering(candidates: list[str], wanted: set[str], count: int) -> list[str]:
    """Those sentences; the first ones when none says anything of what is wanted."""
    return [candidates[index] for index in chosen(candidates, wanted, count)] or candidates[:count]


def length_of(where: Situation) -> int:
    """How many sentences were asked for; three when nothing is said."""
    match = _COUNTED.search(where.instructions) or _COUNTED.search(where.task)
    if not match:
        return 3
    return _NUMBERS.get(match[1].lower()) or max(1, min(30, int(match[1]) if match[1].isdigit() else 3))


def shortened(texts: list[str], wanted: set[str], said: str) -> list[str]:
    """The sentences without those that matter least, until they are as short as `said` wants them."""
    found = _LONGEST.search(said)
    if not found:
        return texts
    most, kept = int(found[1]), list(texts)
    while len(kept) > 1 and _measured(" ".join(kept), found[2]) > most:
        worth = {index: score for score, index in ranked(kept, wanted)}
        kept.pop(min(range(len(kept)), key=lambda index: (worth.get(index, 0.0), -index)))
    return kept


def gravest(texts: list[str], count: int) -> list[str]:
    """The texts that name a severity, the gravest first; none when none does."""
    rated = [
        (min(_GRAVITY[word] for word in words(text) if word in _GRAVITY), text) for text in texts if _GRAVITY.keys() & set(words(text))
    ]
    return [text for _, text in sorted(rated, key=lambda pair: pair[0])[:count]]


def allowed(texts: list[str], said: str) -> list[str]:
    """The sentences without those that have a word which `said` forbids."""
    avoided = [word.strip().lower() for found in _AVOIDED.findall(said) for word in found.split(",") if word.strip()]
    return [text for text in texts if not any(word in text.lower() for word in avoided)]


def _measured(text: str, unit: str) -> int:
    return len(text) if unit.lower() == "characters" else len(text.split())
