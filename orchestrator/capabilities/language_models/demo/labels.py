"""Choosing one of several labels by the terms a text shares with what is said about each."""

import re
from dataclasses import dataclass

from orchestrator.capabilities.language_models.demo.lexicon import RELATED
from orchestrator.capabilities.language_models.demo.sentiment import mood, polarity
from orchestrator.capabilities.language_models.demo.terms import counted, term, terms, words

_MOODS = {"positive", "negative", "neutral", "mixed", "calm", "angry"}
_RESTS = ("other", "general", "unknown", "none", "unclear", "misc")
_OF = re.compile(
    r"(?:(?:one of|either|choose between|choose from)\s*(?:these|the following)?\s*:?|(?:labels?|categories|options)\s*:)"
    r"\s*([^.\n]{3,300})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Choice:
    """`confidence` comes from the distance between the best label and the next; `matched` are the terms that decided."""

    label: str
    confidence: float
    matched: tuple[str, ...] = ()


def choose(labels: list[str], text: str, hints: str = "") -> Choice:
    """The label that fits the text best. `hints` may define labels in lines such as `billing: invoices, charges`."""
    if len(labels) > 1 and {label.lower() for label in labels} <= _MOODS:
        return _by_mood(labels, text)
    known = {label: _definition(label, labels, hints) for label in labels}
    spread = {one: sum(one in words_of for words_of in known.values()) for words_of in known.values() for one in words_of}
    said = counted(text)
    annoyance = max(0.0, -polarity(text))
    scores: dict[str, float] = {}
    for label, words_of in known.items():
        scores[label] = sum(min(said[one], 3) ** 0.7 / spread[one] for one in words_of if one in said)
        if "complaint" in words_of:
            scores[label] += 2.5 * annoyance
    ordered = sorted(labels, key=lambda label: -scores[label])
    best, second = scores[ordered[0]], scores[ordered[1]] if len(ordered) > 1 else 0.0
    if best == 0:
        return Choice(_rest(labels), 0.2)
    confidence = 0.4 + 0.58 * (1 - second / best) ** 0.5 * best / (best + 1)
    return Choice(ordered[0], round(confidence, 2), tuple(sorted(one for one in known[ordered[0]] if one in said)))


def offered(instructions: str) -> list[str]:
    """The labels of an instruction such as "Answer with one of: billing, shipping, other"."""
    for match in _OF.finditer(instructions):
        parts = [part.strip(" \"'`*.()") for part in re.split(r",|;|\||/|\bor\b|\band\b", match[1])]
        parts = [part for part in parts if part]
        if len(parts) > 1 and all(len(part.split()) <= 3 for part in parts):
            return parts
    return []


def _definition(label: str, labels: list[str], hints: str) -> set[str]:
    own = terms(label.replace("_", " ").replace("-", " "))
    found = set(own) | {term(label.lower())}
    for word in words(label.replace("_", " ")):
        for one in {word, term(word)}:
            found |= set(RELATED.get(one, "").split())
    others = "|".join(re.escape(other).replace("_", "[ _]") for other in labels if other != label)
    stop = rf"(?:[;,.]?\s+\W*(?:{others})\W*\s*[:=\u2013\u2014(-]|\n|$)" if others else r"(?:\n|$)"
    defined = re.search(
        rf"(?<!\w){re.escape(label).replace('_', '[ _]')}\W{{0,3}}\s*[:=\u2013\u2014(-]\s*(.+?){stop}", hints, re.IGNORECASE
    )
    return found | (terms(defined[1]) if defined else set())


def _by_mood(labels: list[str], text: str) -> Choice:
    felt, strength = mood(text), abs(polarity(text))
    wanted = {"negative": ("negative", "angry"), "positive": ("positive", "calm"), "neutral": ("neutral", "calm", "mixed")}[felt]
    label = next((one for name in wanted for one in labels if one.lower() == name), labels[0])
    return Choice(label, round(0.6 + 0.38 * (strength if felt != "neutral" else 0.6 - strength), 2), (felt,))


def _rest(labels: list[str]) -> str:
    return next((label for rest in _RESTS for label in labels if rest in label.lower()), labels[0])
