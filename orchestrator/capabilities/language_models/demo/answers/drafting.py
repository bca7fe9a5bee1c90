"""Writing text out of sentences and data that were given: never a word that is not in the input, but for a few connecting ones."""

import json
import re
from typing import Any

from orchestrator.capabilities.language_models.demo.labels import choose, offered
from orchestrator.capabilities.language_models.demo.sentiment import polarity
from orchestrator.capabilities.language_models.demo.situation import Situation, ToolResult, facts
from orchestrator.capabilities.language_models.demo.terms import ranked, sentences, terms, words

_REPLYING = {"reply", "replies", "respond", "response", "draft", "answer", "email", "letter"}
_COUNTED = re.compile(
    r"\b(one|two|three|four|five|\d{1,2})\s+(?:short\s+)?(?:sentences?|bullets?|bullet points|points|lines)\b", re.IGNORECASE
)
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_ROWS_SHOWN = 2
_FIELDS_SHOWN = 8


def answer(where: Situation) -> str:
    """The demo model's answer in plain text."""
    labels = offered(where.instructions)
    if labels:
        return choose(labels, where.task, where.instructions).label
    if replies(where):
        return letter(where)
    found = [line for result in where.results for line in told(result, where)]
    if found:
        return " ".join(found)
    return extract(where)


def replies(where: Situation) -> bool:
    """Whether the instructions ask for a message to a customer."""
    asked = set(words(where.instructions))
    return bool(asked & _REPLYING) and bool(asked & {"customer", "customers", "client", "ticket", "tickets", "user", "support"})


def letter(where: Situation) -> str:
    """A reply: greeting, what was found, what the texts at hand say, closing."""
    known = where.facts
    name = known.get("customer_name") or known.get("name") or known.get("customer")
    subject = known.get("subject")
    parts = [f"Hello {name}," if name and not any(sign.isdigit() for sign in name) else "Hello,"]
    opening = f'Thank you for your message about "{subject}".' if subject else "Thank you for your message."
    if polarity(where.task) <= -0.3:
        opening += " We are sorry for the trouble this has caused you."
    parts.append(opening)
    found = [line for result in where.results for line in told(result, where)]
    parts.append(" ".join(found) if found else "A colleague will look into this and write to you.")
    parts.append("Kind regards,\nCustomer support")
    return "\n\n".join(parts)


def told(result: ToolResult, where: Situation) -> list[str]:
    """What a tool's answer says, in sentences."""
    value = result.value
    if result.failed:
        return []
    if isinstance(value, dict):
        if "expression" in value and "result" in value:
            return [f"{value['expression']} = {plain(value['result'])}"]
        for name in ("rows", "items", "results"):
            if isinstance(value.get(name), list):
                return rows_told(value[name], where)
        for name in ("passages", "matches"):
            if isinstance(value.get(name), list):
                return passages_told(value[name], where)
        return [
            f"The {name.replace('_', ' ')} is {plain(part)}."
            for name, part in list(value.items())[:_FIELDS_SHOWN]
            if not isinstance(part, dict | list)
        ]
    if isinstance(value, list):
        return rows_told(value, where)
    return best_sentences(str(value), where.wanted, 3) if isinstance(value, str) else [f"The result is {plain(value)}."]


def rows_told(rows: list[Any], where: Situation) -> list[str]:
    """The rows that the task mentions, or the last ones, field by field."""
    data = [row for row in rows if isinstance(row, dict)]
    said = f"{where.task}\n{where.earlier}"
    named = [row for row in data if any(len(str(part)) > 3 and str(part) in said for name, part in row.items() if _rare(name, part, data))]
    shown = named or data[-_ROWS_SHOWN:]
    lines = []
    for row in shown[:_ROWS_SHOWN]:
        fields = [(name, plain(part)) for name, part in row.items() if part not in ("", None) and "customer" not in name][:_FIELDS_SHOWN]
        head = f"{fields[0][0].replace('_', ' ')} {fields[0][1]}" if fields else ""
        rest = ", ".join(f"{name.replace('_', ' ')} {part}" for name, part in fields[1:])
        lines.append(f"Our records show for {head}: {rest}." if rest else f"Our records show {head}.")
    return lines


def passages_told(passages: list[Any], where: Situation) -> list[str]:
    """The best passage's sentences that bear on the task."""
    texts = [str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in passages]
    return best_sentences(texts[0], where.wanted, 2) if texts else []


def best_sentences(text: str, wanted: set[str], count: int) -> list[str]:
    """The `count` sentences that share most with `wanted`, in their own order."""
    candidates = sentences(text)
    chosen = sorted(index for _, index in ranked(candidates, wanted)[:count])
    return [candidates[index] for index in chosen] or candidates[:1]


def extract(where: Situation) -> str:
    """The sentences of the task that matter most for what is asked."""
    material = material_of(where)
    candidates = sentences(material)
    feedback = terms(f"{where.earlier}\n{where.part('feedback') or ''}")
    asked = terms(where.instructions) | feedback | terms(where.part("brief") or where.part("question") or "")
    if len(candidates) < 2:
        return unable(where) if where.task.strip() else "The demo model was given an empty task."
    count = length_of(where) + (len(ranked(candidates, feedback)[:3]) if feedback else 0)
    return " ".join(covering(candidates, asked or where.wanted, count))


def covering(candidates: list[str], wanted: set[str], count: int) -> list[str]:
    """Up to `count` sentences that together say most of what is wanted, in their own order."""
    chosen: list[int] = []
    left = set(wanted)
    while len(chosen) < count:
        order = ranked([sentence if index not in chosen else "" for index, sentence in enumerate(candidates)], left)
        if not order:
            break
        chosen.append(order[0][1])
        left -= terms(candidates[order[0][1]])
    return [candidates[index] for index in sorted(chosen)] or candidates[:count]


def length_of(where: Situation) -> int:
    """How many sentences were asked for; three when nothing is said."""
    match = _COUNTED.search(where.instructions) or _COUNTED.search(where.task)
    if not match:
        return 3
    return _NUMBERS.get(match[1].lower()) or max(1, min(30, int(match[1]) if match[1].isdigit() else 3))


def material_of(where: Situation) -> str:
    """What there is to take sentences from: the named section that looks like source text, or the whole task."""
    for name in ("notes", "material", "source", "sources", "context", "article", "document", "text"):
        if name in where.sections:
            return where.sections[name]
    parts = [body for title, body in where.sections.items() if title not in {"feedback", "brief", "question"}]
    return "\n".join(parts) or where.task


def unable(where: Situation) -> str:
    """An honest answer when there is nothing to work with."""
    shown = where.task.strip().splitlines()[0][:200]
    known = facts(where.task)
    listed = f" It names {', '.join(f'{name} {value}' for name, value in list(known.items())[:5])}." if known else ""
    return f'You wrote: "{shown}".{listed} This is the demo model: it sorts, looks up and quotes, but does not think.'


def plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rare(name: str, value: Any, rows: list[dict[str, Any]]) -> bool:
    """Whether a field's value tells this row from the others."""
    return len(rows) == 1 or sum(row.get(name) == value for row in rows) == 1
