"""Filling a JSON Schema from a text."""

import re
from dataclasses import dataclass, field
from typing import Any

from orchestrator.capabilities.language_models.demo.answers import drafting
from orchestrator.capabilities.language_models.demo.answers.choosing import best_sentences
from orchestrator.capabilities.language_models.demo.answers.comparing import disagreements
from orchestrator.capabilities.language_models.demo.answers.planning import parts as parts_of
from orchestrator.capabilities.language_models.demo.finding import amount, best_sentence, number, text_value
from orchestrator.capabilities.language_models.demo.labels import Choice, choose
from orchestrator.capabilities.language_models.demo.sentiment import mood, polarity
from orchestrator.capabilities.language_models.demo.situation import Situation, key
from orchestrator.capabilities.language_models.demo.terms import coverage, keywords, language, ranked, sentences, terms
from orchestrator.engine.document.node_kind import PortType, is_of_type
from orchestrator.engine.ids import Json

_APPROVING = {
    "approved",
    "approve",
    "acceptable",
    "accepted",
    "ok",
    "okay",
    "passes",
    "passed",
    "done",
    "complete",
    "good",
    "ready",
    "satisfied",
}
_SURE = {"confidence", "certainty", "probability", "likelihood"}
_REASONS = {"reason", "reasoning", "rationale", "explanation", "why", "justification"}
_REPLIES = {"reply", "response", "draft", "answer", "message", "output", "paragraph", "result"}
_BEARING = {"relevant", "relevance", "supported", "answered", "useful", "sufficient"}
_STATEMENTS = {"claim", "statement", "fact", "quote", "sentence"}
_ACTIONS = {"steps", "calls", "actions", "tasks"}
_LEFT_EMPTY = re.compile(r"\bempty\b", re.IGNORECASE)
_FEEDBACK = {"lesson", "feedback", "missing", "critique", "criticism", "improvements", "suggestions", "issues", "problems"}
_ENOUGH = 0.7
"""The share of what was asked for that makes a text acceptable."""
_BEARS = 0.3
"""The share of a question that a text speaks of which bears on it."""
_DEEPEST = 8

_MOST_STATEMENTS = 6
_JUDGED = ("draft", "text", "answer", "paragraph", "reply", "passage", "attempt")
_PORT_TYPES: dict[str, PortType] = {"object": "object", "array": "list", "boolean": "boolean", "number": "number", "integer": "number"}

Schema = dict[str, Any]


@dataclass
class Filling:
    """One pass over a schema: choices made so far decide numbers and reasons that come later. `given` are values of fields."""

    where: Situation
    definitions: Schema
    choices: list[Choice] = field(default_factory=list)
    given: dict[str, Json] = field(default_factory=dict)

    def value(self, schema: Schema, name: str = "", depth: int = 0) -> Json:
        schema = self.resolved(schema)
        if "const" in schema:
            return schema["const"]  # type: ignore[no-any-return]
        if schema.get("enum"):
            return self.given[name] if self.given.get(name) in schema["enum"] else self.label(schema, name)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        if name in self.given and depth == 1 and is_of_type(self.given[name], _PORT_TYPES.get(kind, "text")):
            return self.given[name]
        if depth > _DEEPEST or kind == "null":
            return None
        if kind == "object":
            return self.object(schema, depth)
        if kind == "array":
            return self.array(schema, name, depth)
        if kind == "boolean":
            return self.boolean(schema, name)
        if kind in ("number", "integer"):
            return self.number(schema, name, whole=kind == "integer")
        return self.string(schema, name)

    def resolved(self, schema: Schema) -> Schema:
        for _ in range(_DEEPEST):
            if "$ref" in schema:
                schema = self.definitions.get(str(schema["$ref"]).rsplit("/", 1)[-1], {})
            elif "anyOf" in schema or "oneOf" in schema:
                options = [self.resolved(one) for one in schema.get("anyOf") or schema["oneOf"]]
                schema = next((one for one in options if one.get("type") != "null"), {"type": "null"})
            else:
                break
        return schema

    def object(self, schema: Schema, depth: int) -> dict[str, Json]:
        properties: Schema = schema.get("properties", {})
        first = sorted(properties, key=lambda name: "enum" not in self.resolved(properties[name]))
        filled = {name: self.value(properties[name], name, depth + 1) for name in first}
        return {name: filled[name] for name in properties}

    def text(self, name: str) -> str:
        return self.where.part(name) or self.where.task

    def hints(self, schema: Schema) -> str:
        return f"{schema.get('description', '')}\n{self.where.instructions}"

    def label(self, schema: Schema, name: str) -> Json:
        labels = {str(value): value for value in schema["enum"] if value is not None}
        text, told = without_options(self.text(name), list(labels))
        made = choose(list(labels), text, f"{told}\n{self.hints(schema)}")
        self.choices.append(made)
        return labels[made.label]  # type: ignore[no-any-return]

    def boolean(self, schema: Schema, name: str) -> bool:
        parts = set(key(name).split("_"))
        if parts & _APPROVING:
            return self.covered()[0] >= _ENOUGH
        if parts & _BEARING:
            return self.covered()[0] >= _BEARS
        text = self.text(name)
        if parts & {"negative", "angry", "upset", "unhappy", "escalate"}:
            return mood(text) == "negative"
        if parts & {"positive", "happy"}:
            return mood(text) == "positive"
        about = terms(f"{name.replace('_', ' ')} {schema.get('description', '')}")
        return bool(about & terms(text))

    def number(self, schema: Schema, name: str, *, whole: bool) -> float | int:
        low, high = schema.get("minimum"), schema.get("maximum")
        parts = set(key(name).split("_"))
        known = self.where.facts.get(key(name), "")
        found: float | None
        if parts & _SURE:
            share = self.choices[0].confidence if self.choices else self.covered()[0]
            found = share if high is None or high <= 1 else share * high
        elif re.fullmatch(r"-?\d+(\.\d+)?", known):
            found = float(known)
        elif parts & {"sentiment", "polarity", "tone"}:
            found = polarity(self.text(name))
        elif parts & {"score", "rating", "quality", "grade"}:
            bottom, top = (low or 0), (1 if high is None else high)
            found = bottom + (top - bottom) * self.covered()[0]
        elif parts & {"amount", "price", "cost", "total", "sum"}:
            found = amount(self.where.task)
        elif parts & {"count", "words", "length"}:
            found = float(len(self.where.task.split()))
        else:
            found = number(best_sentence(name, str(schema.get("description", "")), self.text(name)))
        value = found if found is not None else float(low if low is not None else 0)
        value = min(max(value, low if low is not None else value), high if high is not None else value)
        return round(value) if whole else round(value, 4)

    def string(self, schema: Schema, name: str) -> str:
        parts = set(key(name).split("_"))
        text = self._string(schema, name, parts)
        longest = schema.get("maxLength")
        return text[:longest] if isinstance(longest, int) else text

    def _string(self, schema: Schema, name: str, parts: set[str]) -> str:
        where = self.where
        if parts & _REASONS:
            return self.reason()
        if parts & {"language", "lang", "locale"}:
            return where.facts.get(key(name)) or language(self.text(name))
        if parts & _FEEDBACK:
            return self.missing()
        if parts & {"summary", "abstract", "gist"}:
            return " ".join(best_sentences(drafting.material_of(where), where.wanted, 2))
        if parts & {"title", "subject", "headline"}:
            return where.facts.get("subject") or (sentences(where.task) or [""])[0][:80]
        if parts & _REPLIES:
            return drafting.answer(where)
        description = str(schema.get("description", ""))
        found = text_value(name, description, where)
        if found is not None:
            return found
        return "" if _LEFT_EMPTY.search(description) else best_sentence(name, description, self.text(name))

    def reason(self) -> str:
        matched = [word for made in self.choices for word in made.matched]
        if matched:
            return f"Words that decided: {', '.join(matched)}."
        asked, judged = self.compared()
        shared = sorted(terms(asked) & terms(judged))
        if asked and judged:
            return f"Both speak of {', '.join(shared)}." if shared else "They have no word in common."
        return "No word of the text spoke for one answer over another."

    def array(self, schema: Schema, name: str, depth: int) -> list[Json]:
        items = self.resolved(schema.get("items") or {})
        least, most = int(schema.get("minItems", 0)), int(schema.get("maxItems", 3))
        if items.get("enum"):
            remaining = [str(one) for one in items["enum"]]
            chosen: list[str] = []
            while remaining and len(chosen) < most:
                made = choose(remaining, self.text(name), self.hints(schema))
                if chosen and not made.matched and len(chosen) >= least:
                    break
                chosen.append(made.label)
                remaining.remove(made.label)
            return list(chosen)
        if items.get("type") == "object" or "properties" in items:
            return self.objects(items, name)[: int(schema.get("maxItems", 10))]
        if items.get("type", "string") != "string":
            return [self.value(items, name, depth + 1)] * max(1, least)
        if set(key(name).split("_")) & {"keywords", "tags", "topics", "terms", "labels"}:
            return list(keywords(self.where.facts.get("subject", "") + "\n" + self.where.task, max(most, least)))
        return list(best_sentences(drafting.material_of(self.where), self.where.wanted, max(most, least)))

    def objects(self, items: Schema, name: str) -> list[Json]:
        """One for each pair that disagrees, row of data, entry of a list, statement or action that the text has; else one for all of it."""
        fields, where = set(items.get("properties", {})), self.where
        if {"first", "second"} <= fields:
            return [self.one(items, pair.about, dict(pair._asdict())) for pair in disagreements(where.task)]
        if where.rows is not None:
            return [self.one(items, _longest_text(row), row) for row in where.rows if len(fields & set(row)) > 1]
        asked = where.part("task") or where.part("question") or where.task
        texts = re.findall(r"^\s*(?:[-*]|\d+[.)])\s+(.+)$", where.task, re.MULTILINE)
        if not texts and fields & _STATEMENTS:
            material = sentences(drafting.material_of(where))
            order = ranked(material, terms(where.part("topic") or "") or where.wanted)[:_MOST_STATEMENTS]
            return [self.one(items, material[index], {}) for index in sorted(index for _, index in order)]
        if not texts and set(key(name).split("_")) & _ACTIONS:
            texts = parts_of(asked)
        return [self.one(items, text, {}) for text in texts or [where.task]]

    def one(self, items: Schema, text: str, given: dict[str, Json]) -> Json:
        return Filling(Situation(self.where.instructions, text), self.definitions, given=given).value(items)

    def covered(self) -> tuple[float, list[str]]:
        """How much of what was asked for the text under judgement contains, and what it lacks."""
        asked, judged = self.compared()
        wanted = terms(asked) if asked else terms(self.where.instructions)
        text = judged or self.where.task
        return coverage(wanted, text), [word for word in keywords(asked, 60) if not terms(word) & terms(text)]

    def compared(self) -> tuple[str, str]:
        """What was asked for, and the text under judgement."""
        asked = next((part for name in ("brief", "task", "topic", "requirements", "question") if (part := self.where.part(name))), "")
        judged = next((part for name in _JUDGED if (part := self.where.part(name)) and part != asked), "")
        return asked, judged

    def missing(self) -> str:
        checked = self.where.part("check")
        if checked is not None:
            return checked
        share, lacking = self.covered()
        if share >= _ENOUGH or not lacking:
            return "Nothing important is missing."
        return f"Missing: {', '.join(lacking[:8])}."


def _longest_text(row: dict[str, Any]) -> str:
    return max((value for value in row.values() if isinstance(value, str)), key=len, default="")


def without_options(text: str, labels: list[str]) -> tuple[str, str]:
    """The text without the list of options some prompts end with, and that list."""
    listed = re.compile(rf"^\s*[-*]\s*(?:{'|'.join(re.escape(label) for label in labels)})\s*(?::.*)?$", re.MULTILINE)
    return listed.sub("", text), "\n".join(match[0] for match in listed.finditer(text))


def fill(schema: Schema, where: Situation) -> Json:
    """A value for the schema, computed from the situation."""
    return Filling(where, schema.get("$defs") or schema.get("definitions") or {}).value(schema)
