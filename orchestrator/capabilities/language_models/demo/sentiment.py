"""How a text sounds."""

import re

from orchestrator.capabilities.language_models.demo.lexicon import INTENSIFIERS, NEGATIONS, NEGATIVE, POSITIVE
from orchestrator.capabilities.language_models.demo.terms import words

_SHOUTED = re.compile(r"\b[A-ZÄÖÜ]{4,}\b")
_REACH = 3
"""How many words a negation reaches."""


def polarity(text: str) -> float:
    """From -1 (negative) to 1 (positive); 0 when nothing is felt."""
    good = bad = 0.0
    said = words(text)
    for index, word in enumerate(said):
        if word not in POSITIVE and word not in NEGATIVE:
            continue
        before = said[max(0, index - _REACH) : index]
        weight = 1.5 if any(earlier in INTENSIFIERS for earlier in before) else 1.0
        negated = any(earlier in NEGATIONS or earlier.endswith("n't") for earlier in before)
        if (word in POSITIVE) != negated:
            good += weight * (0.5 if negated else 1.0)
        else:
            bad += weight
    bad += min(2.0, 0.5 * len(_SHOUTED.findall(text))) + (0.5 if "!!" in text else 0.0)
    return (good - bad) / (good + bad + 1.0)


def mood(text: str) -> str:
    """`negative`, `neutral` or `positive`."""
    value = polarity(text)
    return "negative" if value <= -0.3 else "positive" if value >= 0.3 else "neutral"
