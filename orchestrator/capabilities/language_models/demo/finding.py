"""Finding the value of a named field in a text: by its name, by its format, by its kind."""

import re

from orchestrator.capabilities.language_models.demo.lexicon import CONCEPTS
from orchestrator.capabilities.language_models.demo.reckoning import reckoned
from orchestrator.capabilities.language_models.demo.situation import Situation, condition, identifiers, key
from orchestrator.capabilities.language_models.demo.terms import keywords, ranked, sentences, term, terms, words

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://[^\s<>\"')\]]+[^\s<>\"')\].,;]")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?")
_ZONE = re.compile(r"\b(?:UTC|[A-Z][a-z]+/[A-Z][A-Za-z_]+)\b")
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-])")
_AMOUNT = re.compile(r"(?:[$€£]\s?(\d+(?:[.,]\d{2})?))|(?:(\d+(?:[.,]\d{2})?)\s?(?:[$€£]|EUR|USD|euros?|dollars?))", re.IGNORECASE)
_SPOKEN = (
    (re.compile(r"\b(\d+(?:\.\d+)?)\s*(?:%|percent)\s+of\s+", re.IGNORECASE), r"\1 / 100 * "),
    (re.compile(r"\b(?:multiplied by|times)\b|\u00d7", re.IGNORECASE), "*"),
    (re.compile(r"(?<=\d)\s*x\s*(?=\d)", re.IGNORECASE), " * "),
    (re.compile(r"\bdivided by\b|÷", re.IGNORECASE), "/"),
    (re.compile(r"\bplus\b", re.IGNORECASE), "+"),
    (re.compile(r"\bminus\b|\u2212", re.IGNORECASE), "-"),
    (re.compile(r"\bto the power of\b|\^", re.IGNORECASE), "**"),
    (re.compile(r"(?<=\d),(?=\d{3}\b)"), ""),
)
_SUM = re.compile(r"(?<![\w.-])[(\s]*-?\d+(?:\.\d+)?[)\s]*(?:(?:\*\*|//|[-+*/%])[(\s]*-?\d+(?:\.\d+)?[)\s]*)+(?![\w-])")
_FILE = re.compile(r"\b[\w-]{1,80}\.(?:csv|md|txt|rst|py|json|html|pdf)\b")
_SEARCHES = {"query", "q", "search", "keywords", "terms", "topic", "pattern"}
_KNOWN = frozenset(CONCEPTS.values()) - {"order", "service", "part"}
"""Words that say what a text is about, in any language."""
_ALIKE = 5
"""Words that begin alike so far are taken for forms of one."""
_OTHERS = 2
_TEXTS = {"text", "content", "message", "body", "input", "prompt", "document", "task", "request", "question", "instruction"}


def email(text: str) -> str | None:
    return _first(_EMAIL, text)


def url(text: str) -> str | None:
    return _first(_URL, text)


def date(text: str) -> str | None:
    return _first(_DATE, text)


def number(text: str) -> float | None:
    found = _first(_NUMBER, _DATE.sub(" ", text))
    return float(found) if found else None


def amount(text: str) -> float | None:
    match = _AMOUNT.search(text)
    return float((match[1] or match[2]).replace(",", ".")) if match else None


def arithmetic(text: str) -> str | None:
    """The longest calculation that is written out in the text, in digits or partly in words."""
    plain = _DATE.sub(" ", text)
    for pattern, written in _SPOKEN:
        plain = pattern.sub(written, plain)
    found = [match[0].strip() for match in _SUM.finditer(plain)]
    found = [part for part in found if part.count("(") == part.count(")")]
    return max(found, key=len) if found else None


def identifier(name: str, text: str) -> str | None:
    """What `order_id` names: the code after the word "order" (in any known language), or one that starts like it."""
    nouns = [part for part in key(name).split("_") if part not in {"id", "number", "no", "code", "ref", "reference", "key"}]
    for noun in nouns:
        spoken = "|".join(re.escape(word) for word, concept in CONCEPTS.items() if concept == term(noun)) or re.escape(noun)
        match = re.search(
            rf"\b(?:{spoken})s?\W{{0,3}}(?:id|no\.?|number|nr\.?|num\w*|n°)?\W{{0,3}}([A-Z0-9-]*\d[A-Z0-9-]*)\b", text, re.IGNORECASE
        )
        if match:
            return match[1]
    codes = identifiers(text)
    for noun in nouns:
        for code in codes:
            if code[0].lower() == noun[0]:
                return code
    return codes[0] if codes and not nouns else None


def text_value(name: str, description: str, where: Situation) -> str | None:
    """A string for the field `name`, or None when the text holds nothing for it."""
    parts = set(key(name).split("_"))
    known = where.facts.get(key(name))
    if known is not None:
        return known
    said = f"{where.task}\n{where.earlier}"
    hint = parts | set(re.findall(r"[a-z]+", description.lower()))
    if parts & {"email", "mail"}:
        return email(said)
    if parts & {"url", "uri", "link", "endpoint"}:
        return url(said)
    if parts & {"date", "time", "day", "when", "moment", "start", "end", "from", "until"} and "date" in hint | {"date"}:
        return date(said)
    if parts & {"timezone", "zone", "tz"}:
        return _first(_ZONE, said)
    if parts & {"expression", "formula", "calculation", "arithmetic"}:
        return arithmetic(where.task) or reckoned(where.task, where.found or where.earlier) or arithmetic(said)
    if parts & {"id", "number", "code", "reference", "ref", "no"}:
        return identifier(name, said)
    if parts & {"file", "filename"}:
        return _first(_FILE, said)
    if parts & {"column", "field", "value"}:
        found = condition(where.task)
        return found and found[1 if "value" in parts else 0]
    if parts & _SEARCHES:
        return search(where)
    return where.task.strip() or None if parts & _TEXTS else None


def search(where: Situation) -> str | None:
    """Words to search with: those that carry the question; in other words, where it is told what was searched for already."""
    asked = keywords(where.part("question") or _talk(where), 40)
    tried = where.part("searched")
    more = [] if tried is None else [word for asked_word in asked for word in _beside(asked_word, set(words(tried)))]
    found = dict.fromkeys([*keywords(where.facts.get("subject", "")), *asked, *more])
    return " ".join(sorted(found, key=lambda word: word not in _KNOWN and word not in more)[:14]) or None


def _beside(word: str, tried: set[str]) -> list[str]:
    """Other words that the lexicon has for what a word says, and that were not tried."""
    concept = CONCEPTS.get(word, word)
    found: dict[str, str] = {}
    for other, known in CONCEPTS.items():
        if known == concept and other[:_ALIKE] != word[:_ALIKE]:
            found.setdefault(other[:_ALIKE], other)
    return [other for other in found.values() if other not in tried][:_OTHERS]


def _talk(where: Situation) -> str:
    """The task without its tags and `name: value` lines."""
    lines = [line for line in where.task.splitlines() if not re.match(r"^\s*(?:[\w -]{1,30}:(\s.*)?|</?\w+>)$", line)]
    return "\n".join(lines)


def best_sentence(name: str, description: str, text: str) -> str:
    """The sentence that has most in common with a field's name and description; else the first."""
    candidates = sentences(text)
    if not candidates:
        return text.strip()
    order = ranked(candidates, terms(f"{name.replace('_', ' ')} {description}"))
    return candidates[order[0][1]] if order else candidates[0]


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[0] if match else None
