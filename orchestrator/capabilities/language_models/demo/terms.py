"""Text to terms: words without endings, and concepts in place of words the lexicon knows."""

import re
from collections import Counter
from functools import lru_cache

from orchestrator.capabilities.language_models.demo.lexicon import CONCEPTS, LANGUAGE_HINTS, PHRASES, STOP

LONGEST = 60_000
"""Characters of one text that are looked at."""

_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|\d+(?:[.,]\d+)*")
_PHRASE = re.compile("|".join(re.escape(phrase) for phrase in sorted(PHRASES, key=len, reverse=True)))
_SENTENCE = re.compile(r"(?<=[.!?。])\s+|\n+")
_TAGGED = re.compile(r"<([A-Za-z][\w-]{0,40})>\s*(.*?)\s*</\1>", re.DOTALL)
_TITLE = r"(?:#+ *)?([A-Z][\w-]{1,20}(?: [\w-]{1,20}){0,2}):[ \t]*\n"
_HEADED = re.compile(rf"^{_TITLE}(.+?)(?=\n\s*\n{_TITLE.replace('([A', '(?:[A')}|\Z)", re.DOTALL | re.MULTILINE)
_ENDINGS = ("ations", "ation", "ings", "ing", "ments", "ment", "edly", "ies", "ied", "ness", "ly", "ed", "es", "s")


def words(text: str) -> list[str]:
    """The words in lower case, known phrases turned into their concept."""
    lowered = text[:LONGEST].lower().replace("\u2019", "'")
    return _WORD.findall(_PHRASE.sub(lambda match: f" {PHRASES[match[0]]} ", lowered))


@lru_cache(maxsize=20_000)
def term(word: str) -> str:
    """The concept of a word, or the word without its ending."""
    if word in CONCEPTS:
        return CONCEPTS[word]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            stem = word[: -len(ending)]
            return CONCEPTS.get(stem, stem)
    return word


def counted(text: str) -> Counter[str]:
    """How often each term that carries meaning occurs."""
    return Counter(term(word) for word in words(text) if len(word) > 1 and word not in STOP)


def terms(text: str) -> set[str]:
    return set(counted(text))


def sentences(text: str) -> list[str]:
    parts = (part.strip().lstrip("-*•# ").strip() for part in _SENTENCE.split(text[:LONGEST]))
    return [part for part in parts if len(part) > 2]


def sections(text: str) -> dict[str, str]:
    """Named parts: `<ticket>...</ticket>`, or paragraphs under a line such as `Draft:`."""
    found = {name.lower(): body for name, body in _TAGGED.findall(text[:LONGEST])}
    return found or {name.lower(): body.strip() for name, body in _HEADED.findall(text[:LONGEST])}


def keywords(text: str, limit: int = 12) -> list[str]:
    """The words that carry meaning, in the order of their first use; foreign ones by their concept."""
    found: dict[str, None] = {}
    for word in words(text):
        if len(word) > 2 and word not in STOP and not word[0].isdigit():
            found.setdefault(CONCEPTS.get(word, word))
    return list(found)[:limit]


def ranked(candidates: list[str], wanted: set[str]) -> list[tuple[float, int]]:
    """(score, index) of each sentence that shares terms with `wanted`, best first; earlier wins a tie."""
    scored = []
    for index, candidate in enumerate(candidates):
        own = terms(candidate)
        shared = len(own & wanted)
        if shared:
            scored.append((shared / (len(own) ** 0.5), index))
    return sorted(scored, key=lambda pair: (-pair[0], pair[1]))


def coverage(wanted: set[str], text: str) -> float:
    """The share of `wanted` that occurs in the text."""
    return len(wanted & terms(text)) / len(wanted) if wanted else 1.0


def language(text: str) -> str:
    """The two-letter code of the language whose small words occur most."""
    seen = Counter(words(text))
    scores = {code: sum(seen[word] for word in hints) for code, hints in LANGUAGE_HINTS.items()}
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] else "en"
