"""Writing text out of sentences and data that were given: never a word that is not in the input, but for a few connecting ones."""

import json
import re
from dataclasses import replace
from typing import Any, Final

from orchestrator.capabilities.language_models.demo.answers.choosing import allowed, best_sentences, covering, gravest, length_of, shortened
from orchestrator.capabilities.language_models.demo.answers.citing import cited
from orchestrator.capabilities.language_models.demo.labels import choose, offered
from orchestrator.capabilities.language_models.demo.sentiment import polarity
from orchestrator.capabilities.language_models.demo.situation import Situation, ToolResult, facts
from orchestrator.capabilities.language_models.demo.terms import ranked, sentences, terms, words

_REPLYING = {"reply", "replies", "respond", "response", "draft", "answer", "email", "letter"}
_ROWS_SHOWN: Final = 20
_ROWS_IN_A_LETTER: Final = 2
_FIELDS_SHOWN = 8
_ASKED: Final = ("purpose", "question", "why", "call")
_GRAVEST = re.compile(r"\b(?:gravest|most severe|most serious|most urgent)\b", re.IGNORECASE)


def answer(where: Situation) -> str:
    """The demo model's answer in plain text."""
    labels = offered(where.instructions)
    if labels:
        return choose(labels, where.task, where.instructions).label
    if replies(where):
        return letter(where)
    found = [line for result in where.results for line in told(result, where)]
    if found:
        return "\n".join(found) if where.settled else sentence_after_sentence(found)
    own = cited(where)
    if own is not None:
        return own
    return sentence_after_sentence(brought(where)) or extract(where)


def brought(where: Situation) -> list[str]:
    """What results of tools say that the task brings along as data, each row with what was asked of the tool."""
    lines: list[str] = []
    for row in where.rows or ():
        if "result" in row:
            asked = ": ".join(str(value) for name, value in row.items() if name in _ASKED)
            said = told(ToolResult("given", json.dumps(row["result"])), replace(where, task=asked, earlier=""))
            lines += said or [f"{asked}: nothing was found" if asked else "Nothing was found"]
        elif isinstance(row.get("error"), dict):
            lines.append(f"Not known: {row['error'].get('message', 'a call failed')}")
    return list(dict.fromkeys(lines))


def sentence_after_sentence(lines: list[str]) -> str:
    return " ".join(line if index == len(lines) or line.endswith((".", "!", "?")) else f"{line}." for index, line in enumerate(lines, 1))


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
    if where.settled:
        return [str(value)]
    return best_sentences(str(value), where.wanted, 3) if isinstance(value, str) else [f"The result is {plain(value)}."]


def rows_told(rows: list[Any], where: Situation) -> list[str]:
    """The rows that the task mentions, or the last ones, field by field."""
    data = [row for row in rows if isinstance(row, dict)]
    said = f"{where.task}\n{where.earlier}"
    named = [row for row in data if any(len(str(part)) > 3 and str(part) in said for name, part in row.items() if _rare(name, part, data))]
    most = _ROWS_IN_A_LETTER if replies(where) else _ROWS_SHOWN
    if not data and not replies(where):
        return ["Nothing was found."]
    shown = named or data[-most:]
    lines = []
    for row in shown[:most]:
        fields = [(name, plain(part)) for name, part in row.items() if part not in ("", None) and "customer" not in name][:_FIELDS_SHOWN]
        head = f"{fields[0][0].replace('_', ' ')} {fields[0][1]}" if fields else ""
        rest = ", ".join(f"{name.replace('_', ' ')} {part}" for name, part in fields[1:])
        lines.append(f"Our records show for {head}: {rest}." if rest else f"Our records show {head}.")
    return lines


def passages_told(passages: list[Any], where: Situation) -> list[str]:
    """The best passage's sentences that bear on the task."""
    texts = [str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in passages]
    return best_sentences(texts[0], where.wanted, 2) if texts else []


def extract(where: Situation) -> str:
    """The sentences of the task that matter most for what is asked."""
    told = "\n".join([where.earlier, *(where.part(name) or "" for name in ("feedback", "lessons"))])
    material = material_of(where)
    if where.task.strip() and not material.strip():
        return "There is nothing to go by: what was given is empty."
    candidates = allowed(sentences(material), told)
    feedback = terms(told)
    asked = terms(where.instructions) | feedback | terms(where.part("brief") or where.part("question") or "")
    if _GRAVEST.search(where.instructions) and (grave := gravest(candidates, length_of(where))):
        return sentence_after_sentence(grave)
    if len(candidates) < 2:
        known = [text for text in where.remembered if terms(text) & where.wanted]
        if known:
            return " ".join(best_sentences("\n".join(known), where.wanted, 1))
        return unable(where) if where.task.strip() else "The demo model was given an empty task."
    count = length_of(where) + (len(ranked(candidates, feedback)[:3]) if feedback else 0)
    taken = covering(candidates, asked or where.wanted, count)
    return " ".join(shortened(taken, feedback or asked, f"{told}\n{where.instructions}\n{where.task}"))


def material_of(where: Situation) -> str:
    """What there is to take sentences from: the named section that looks like source text, or the whole task."""
    for name in ("notes", "material", "source", "sources", "context", "article", "document", "text"):
        if name in where.sections:
            return where.sections[name]
    parts = [body for title, body in where.sections.items() if title not in {"feedback", "lessons", "brief", "question", "topic"}]
    return "\n".join(parts) if parts else where.task


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
