"""Planning, by counting: steps are the parts of the task, and a thought or an answer is worth the share of the task's words that it has."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from orchestrator.capabilities.language_models.demo.situation import Situation, ToolResult
from orchestrator.capabilities.language_models.demo.terms import coverage, keywords, ranked, sentences, terms
from orchestrator.engine.ids import Json

_CLAUSE = re.compile(r"\s*(?:;|,?\s+\b(?:and then|then|and also|afterwards|finally)\b)\s*", re.IGNORECASE)
_LISTED = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+(\S.*)$", re.MULTILINE)
_DONE = re.compile(r"^\d{1,3}\. \(done\) (.*)$\n^   Result: ((?:.*\n?)*?)(?=^\d{1,3}\. |\Z)", re.MULTILINE)
_LEFT = re.compile(r"^\d{1,3}\. (?!\(done\) )(\S.*)$", re.MULTILINE)
_CHOICE = re.compile(r"^Choice (\d+)\n(.*?)(?=^Choice \d+\n|\Z)", re.MULTILINE | re.DOTALL)
_JUDGED = re.compile(r"^---\n(.*)\n^---$", re.MULTILINE | re.DOTALL)
PLAN: Final = "plan"
"""In place of a tool's name: a step of a plan, and what it found."""
_THOUGHTS: Final = "Thoughts so far:\n"

_STEP = re.compile(r"This is the plan so far:\n(.*?)\n\nDo this step now, and only this one: (.*)\nAnswer with what it found\.", re.DOTALL)
_PLANNED = re.compile(r"The plan is done:\n(.*)\n\nNow answer the task itself, from what was found\.", re.DOTALL)
_FOLLOWED = re.compile(r"Answer the task now\. Follow these thoughts, which were judged the best:\n(.*)", re.DOTALL)
_AGAIN = re.compile(r"Earlier answers were not good enough\. What was learnt from them:\n(.*)\nAnswer the task again, better\.", re.DOTALL)
_SAMPLE = re.compile(r"Do not solve the task at once\. Give one possible next step of thinking, .*", re.DOTALL)

_SURE: Final = 0.7
"""The share of the task's words that makes a thought sure and an answer good."""


def meant(where: Situation) -> Situation:
    """What is asked for where the last message is about a plan, a line of thought or an earlier answer."""
    if found := _STEP.fullmatch(where.task):
        behind = "\n".join(result for _, result in _DONE.findall(f"{found[1]}\n"))
        return replace(where, task=found[2], earlier=where.told, found=behind)
    if found := _PLANNED.fullmatch(where.task):
        steps: dict[str, str] = {}
        for step, result in _DONE.findall(f"{found[1]}\n"):
            steps.setdefault(result.strip(), step)
        results = tuple(ToolResult(PLAN, f"{step}: {result}") for result, step in steps.items())
        return replace(where, task=where.earlier, earlier="", results=(*results, *where.results), settled=True)
    if found := _FOLLOWED.fullmatch(where.task) or _AGAIN.fullmatch(where.task):
        return replace(where, task=where.earlier, earlier=found[1])
    return where


def sampled(where: Situation) -> str | None:
    """One thought, where one is asked for."""
    return next(iter(_next_thoughts(where, 1)), "") if _SAMPLE.fullmatch(where.task) else None


def planned(schema: dict[str, Any], where: Situation) -> dict[str, Json] | None:
    """The value of a schema of planning; None for any other schema."""
    properties = schema.get("properties", {})
    find = _BY_FIELDS.get(frozenset(properties))
    return None if find is None else find(where, properties)


def _plan(where: Situation, properties: dict[str, Any]) -> dict[str, Json]:
    return {"steps": list(parts(where.earlier or where.task)[: properties["steps"].get("maxItems", 8)])}


def _looked_again(where: Situation, properties: dict[str, Any]) -> dict[str, Json]:
    left, done = _LEFT.findall(where.task), len(_DONE.findall(where.task))
    why = f"{done} of {done + len(left)} steps have a result." if left else "Every step has a result."
    return {"why": why, "finished": not left, "steps": left[: properties["steps"].get("maxItems", 8)]}


def _proposed(where: Situation, properties: dict[str, Any]) -> dict[str, Json]:
    return {"thoughts": list(_next_thoughts(where, properties["thoughts"].get("maxItems", 4)))}


def _valued(where: Situation, _: dict[str, Any]) -> dict[str, Json]:
    thoughts = _thoughts_in(where.task)
    share = _share(where.earlier, thoughts)
    value = "sure" if share >= _SURE else "likely" if share else "impossible"
    return {"why": _counted(where.earlier, thoughts), "value": value}


def _voted(where: Situation, _: dict[str, Any]) -> dict[str, Json]:
    choices = {int(number): text for number, text in _CHOICE.findall(where.task)} or {1: ""}
    best = max(choices, key=lambda number: (_share(where.earlier, choices[number]), -number))
    return {"why": _counted(where.earlier, choices[best]), "choice": best}


def _criticised(where: Situation, _: dict[str, Any]) -> dict[str, Json]:
    found = _JUDGED.search(where.task)
    answer = found[1] if found else where.task
    share, lacking = _share(where.earlier, answer), _lacking(where.earlier, answer)
    good = share >= _SURE
    lesson = "" if good or not lacking else f"Say something about {', '.join(lacking[:8])}."
    return {"critique": _counted(where.earlier, answer), "good": good, "score": round(share, 2), "lesson": lesson}


_BY_FIELDS: Final[dict[frozenset[str], Callable[[Situation, dict[str, Any]], dict[str, Json]]]] = {
    frozenset({"steps"}): _plan,
    frozenset({"why", "finished", "steps"}): _looked_again,
    frozenset({"thoughts"}): _proposed,
    frozenset({"why", "value"}): _valued,
    frozenset({"why", "choice"}): _voted,
    frozenset({"critique", "good", "score", "lesson"}): _criticised,
}


def parts(task: str) -> list[str]:
    """What a task consists of: the entries of its list, or its sentences, taken apart where one thing comes after another."""
    listed = _LISTED.findall(task)
    whole = listed if len(listed) > 1 else sentences(task)
    found = [part.strip(" ,.") for one in whole for part in _CLAUSE.split(one) if len(part.strip(" ,.")) > 2]
    return list(dict.fromkeys(found)) or [task.strip()[:2_000] or "Answer"]


def _next_thoughts(where: Situation, most: int) -> list[str]:
    """Parts of the task that were not thought of yet, those that say most of it first."""
    behind = _thoughts_in(where.task)
    ahead = [part for part in parts(where.earlier) if part not in behind]
    order = [index for _, index in ranked(ahead, terms(where.earlier))]
    return [ahead[index] for index in order][:most]


def _thoughts_in(text: str) -> str:
    return "\n".join(_LEFT.findall(text.partition(_THOUGHTS)[2]))


def _share(task: str, text: str) -> float:
    return coverage(terms(task), text)


def _lacking(task: str, text: str) -> list[str]:
    return [word for word in keywords(task, 60) if not terms(word) & terms(text)]


def _counted(task: str, text: str) -> str:
    wanted = terms(task)
    lacking = _lacking(task, text)
    missing = f" Not there: {', '.join(lacking[:8])}." if lacking else ""
    return f"{len(wanted & terms(text))} of the {len(wanted)} words that carry the task are there.{missing}"
