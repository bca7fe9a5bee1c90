"""Expressions (CEL) and the placeholders of templates.

CEL, the Common Expression Language, always terminates and cannot touch anything but the
values it is given. The same expressions serve conditions, mappings and `{{ }}`.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from orchestrator.engine.document.cel_library import cel, stdlib
from orchestrator.engine.errors import ExpressionFailed
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import clean_text

MAX_SOURCE = 10_000
MAX_DEPTH = 64
"""The parser takes minutes over thousands of open brackets."""

MAX_ITERATIONS = 2
"""map in map in map over a long list would take hours; a map node has limits of its own."""

MAX_TEXT = 1_000_000
"""Characters a template may grow to."""

_PLAIN_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+|[A-Za-z_]\w*")
_MEMBER = {root: re.compile(rf"\b{root}\s*\.\s*([A-Za-z_]\w*)") for root in ("nodes", "state")}
_ANY_MEMBER = {root: re.compile(rf"\b{root}\b\s*(?!\s*\.\s*[A-Za-z_])") for root in ("nodes", "state")}
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_UNDEFINED = re.compile(r"Undefined variable or function: '(\w+)'")
_CONSTANTS = {"true", "false", "null"}
_BUILT_IN = {"size", "has", "all", "exists", "exists_one", "map", "filter", "string", "int", "double", "uint", "type"}
_BUILT_IN |= {"startsWith", "endsWith", "matches", "timestamp", "duration", "dyn", "bytes"}
_FUNCTIONS = {name: function for name, function in stdlib.STDLIB_FUNCTIONS.items() if name not in ("lists.range", "replace")}
"""The library's functions but two that make much out of little: range, and replace, which is bounded here."""
_ITERATION = re.compile(r"\b(map|filter|all|exists|exists_one)\s*\(|[()]")


def _nothing(_name: str) -> Json:
    return None


@dataclass(slots=True)
class Members:
    """A variable of which only what an expression names is looked up: `nodes` and `state` may hold much.

    `of` gives one member, null when there is none of that name; `names` lists them all.
    """

    of: Callable[[str], Json] = _nothing
    names: Callable[[], list[str]] = list


@dataclass(slots=True)
class Variables:
    """What an expression can see: plain values, and `nodes` and `state` by their members."""

    values: Mapping[str, Json]
    nodes: Members = field(default_factory=Members)
    state: Members | None = None

    def members(self, root: str) -> Members | None:
        return self.nodes if root == "nodes" else self.state if root == "state" else None

    def known(self) -> set[str]:
        return {"nodes", *self.values} if self.state is None else {"nodes", "state", *self.values}


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression and what it refers to.

    `members` are the names that follow `nodes` and `state`; None where any of them may be meant.
    """

    source: str
    program: cel.Program
    roots: frozenset[str]
    extended: bool
    plain_path: tuple[str, ...] | None
    members: Mapping[str, frozenset[str] | None]

    def evaluate(self, variables: Variables) -> Json:
        """The value, as JSON. Raises ExpressionFailed naming the expression and the cause."""
        if self.plain_path is not None:
            return self._look_up(variables, self.plain_path)
        known = variables.known()
        seen = {name: self._root(variables, name) for name in self.roots if name in known}  # others are bound inside, as in map(x, ...)
        try:
            result = self.program.execute(_with_functions(seen) if self.extended else seen)
        except KeyError as error:
            raise self._failed(f"there is no {error.args[0]!r}") from None
        except Exception as error:  # noqa: BLE001 - the library raises many kinds; all mean the same here
            missing = _UNDEFINED.match(str(error))
            raise self._failed(_no_variable(missing.group(1), known) if missing else str(error).split(". ")[0]) from None
        return to_json(result, self.source)

    def _root(self, variables: Variables, name: str) -> Json:
        members = variables.members(name)
        if members is not None:
            named = self.members[name]
            if named is None:
                names = members.names()
            else:
                names = sorted(named) if name == "nodes" else [member for member in members.names() if member in named]
            return {member: members.of(member) for member in names}
        if name not in variables.values:
            raise self._failed(_no_variable(name, variables.known()))
        return variables.values[name]

    def _look_up(self, variables: Variables, path: tuple[str, ...]) -> Json:
        members = variables.members(path[0]) if len(path) > 1 else None
        if members is None:
            value, rest = self._root(variables, path[0]), path[1:]
        elif path[0] == "nodes" or path[1] in members.names():
            value, rest = members.of(path[1]), path[2:]
        else:
            raise self._failed(_no_field(path[1], members.names()))
        for name in rest:
            if not isinstance(value, dict):
                raise self._failed(f"{name!r} was looked up in {describe(value)}, which has no fields")
            if name not in value:
                raise self._failed(_no_field(name, value))
            value = value[name]
        return value

    def _failed(self, why: str) -> ExpressionFailed:
        return ExpressionFailed(
            f"Expression `{self.source[:200]}` failed: {why}",
            cure="Correct the expression, or test with has(...) before a value is read that may be missing.",
        )


def _depth(text: str) -> int:
    """How deep brackets stand inside each other, counting those in texts too."""
    deepest = depth = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


def _iterations(text: str) -> int:
    """How many map, filter, all or exists stand inside each other."""
    open_calls: list[bool] = []
    deepest = 0
    for match in _ITERATION.finditer(text):
        if match.group() == ")":
            del open_calls[-1:]
        else:
            open_calls.append(match.group(1) is not None)
            deepest = max(deepest, sum(open_calls))
    return deepest


def _no_variable(name: str, known: set[str]) -> str:
    return f"there is no variable {name!r}; there are {', '.join(sorted(known))}"


def _no_field(name: str, known: Iterable[str]) -> str:
    return f"there is no {name!r}; there are {', '.join(sorted(known)[:12]) or 'no fields'}"


def _with_functions(values: dict[str, Json]) -> cel.Context:
    context = cel.Context(values)
    for name, function in _FUNCTIONS.items():
        context.add_function(name, function)
    context.add_function("replace", _replace)
    return context


def _replace(text: str, old: str, new: str) -> str:
    if len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise ValueError(f"replace would make a text of over {MAX_TEXT} characters")
    return text.replace(old, new)


@lru_cache(maxsize=8192)
def compile_expression(source: str) -> Expression:
    """Parse `source`. Raises ExpressionFailed with the position of the first fault."""
    text = source.strip()
    if len(text) > MAX_SOURCE or _depth(text) > MAX_DEPTH or _iterations(text) > MAX_ITERATIONS:
        raise ExpressionFailed(
            f"An expression may have {MAX_SOURCE} characters, {MAX_DEPTH} brackets and {MAX_ITERATIONS} iterations inside each other",
            cure="Split it over several nodes.",
        )
    try:
        program = cel.compile(text)
    except Exception as error:  # noqa: BLE001 - the parser's own error types are private
        detail = _first_fault(error, text) if text else "it is empty"
        raise ExpressionFailed(
            f"Expression `{text[:200]}` cannot be read: {detail}",
            cure="Write a CEL expression, such as input.score > 0.8 or nodes.classify.out.label == 'billing'.",
        ) from None
    plain = tuple(text.split(".")) if _PLAIN_PATH.fullmatch(text) and text not in _CONSTANTS else None
    return Expression(
        source=text,
        program=program,
        roots=frozenset(program.variables()),
        extended=any(name[:1].isalpha() and name not in _BUILT_IN for name in program.functions()),
        plain_path=plain,
        members={root: None if _ANY_MEMBER[root].search(text) else frozenset(_MEMBER[root].findall(text)) for root in _MEMBER},
    )


def _first_fault(error: Exception, text: str) -> str:
    """What the parser says of the first of its faults: it tells them all, after the expression itself, each with a drawing of its place."""
    faults = str(error).removeprefix(f"Failed to parse expression '{text}': ").removeprefix("ERROR:")
    return faults.split("\n")[0].strip()


def evaluate(source: str, variables: Variables) -> Json:
    """The value of a CEL expression. Raises ExpressionFailed."""
    return compile_expression(source).evaluate(variables)


def is_open(condition: str, variables: Variables) -> bool:
    """Whether a condition holds. Anything but true or false is an error, never a guess."""
    value = evaluate(condition, variables)
    if not isinstance(value, bool):
        raise ExpressionFailed(
            f"Condition `{condition[:200]}` gave {describe(value)}, expected true or false",
            cure="Compare the value with something, such as size(input) > 0.",
        )
    return value


def placeholders(template: str) -> list[str]:
    """The expressions between `{{` and `}}`, in order."""
    return [match.strip() for match in _PLACEHOLDER.findall(template)]


def render(template: str, variables: Variables) -> str:
    """`template` with each placeholder replaced by its value; text as it is, all else as JSON.

    Values are only substituted, never read as templates themselves.
    """
    parts: list[str] = []
    length = position = 0
    for match in _PLACEHOLDER.finditer(template):
        value = evaluate(match.group(1), variables)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=None)
        parts += [template[position : match.start()], text]
        length += match.start() - position + len(text)
        position = match.end()
        if length > MAX_TEXT:
            raise ExpressionFailed(f"The text grew over {MAX_TEXT} characters", cure="Put less into the template.")
    return "".join(parts) + template[position:]


def to_json(value: object, source: str = "") -> Json:
    """`value` as JSON data. Raises ExpressionFailed for what JSON has no form for."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ExpressionFailed(f"Expression `{source[:200]}` gave {value}, which is not a JSON number", cure="Guard the division.")
        return value
    if isinstance(value, list | tuple):
        return [to_json(item, source) for item in value]
    if isinstance(value, dict):
        return {clean_text(str(key)): to_json(item, source) for key, item in value.items()}
    isoformat = getattr(value, "isoformat", None)
    if callable(isoformat):
        return str(isoformat())
    return str(value)


def describe(value: Json) -> str:
    """A value's type in plain words, for error messages."""
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return names[type(value)]
