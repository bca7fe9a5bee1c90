"""Reads a policy as people write it, and finds every problem with its line and column."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from orchestrator.engine.ids import Json

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
MAX_RULES = 1_000
MOST_PROBLEMS = 100
"""Nobody mends more at once."""
ALL_AGENTS = "all"
RULE_KEYS = ("name", "family", "allowed_agents", "requires_approval", "approved_by_others")


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    line: int
    column: int
    message: str
    cure: str


@dataclass(frozen=True, slots=True)
class ToolRule:
    """What the policy says about one tool, or without a name about a family. `allowed_agents` None: every agent with the permission.

    With both it is no rule of its own, but what is strictest of those that tools of the family have; `name` is one of them.

    `approved_by_others`: whether somebody else than the starter of the run must approve its calls.
    True: whoever started it; false: nobody, the starter may; None: unless the starter manages the workspace.
    """

    name: str
    allowed_agents: tuple[str, ...] | None
    requires_approval: bool
    line: int
    approved_by_others: bool | None = None
    family: str = ""

    @property
    def place(self) -> str:
        """Where people find it in the policy."""
        where = f"{self.name or f'family {self.family}'} (line {self.line})"
        return f"tools: {where}, strictest of family {self.family}" if self.name and self.family else f"tools: {where}"

    def allows(self, identity: str) -> bool:
        return self.allowed_agents is None or ALL_AGENTS in self.allowed_agents or identity in self.allowed_agents


@dataclass(frozen=True, slots=True)
class PolicyReading:
    """What was understood. Rules count only when there is no problem at all."""

    rules: tuple[ToolRule, ...]
    problems: tuple[PolicyProblem, ...]

    @classmethod
    def of_json(cls, read: dict[str, Any]) -> "PolicyReading":
        return cls(rules_from_json(read), tuple(PolicyProblem(**problem) for problem in read["problems"]))

    def as_json(self) -> dict[str, Any]:
        return {"tools": [asdict(rule) for rule in self.rules]}


def rules_from_json(stored: dict[str, Any]) -> tuple[ToolRule, ...]:
    return tuple(
        ToolRule(
            name=rule["name"],
            allowed_agents=None if rule["allowed_agents"] is None else tuple(rule["allowed_agents"]),
            requires_approval=rule["requires_approval"],
            line=rule["line"],
            approved_by_others=rule.get("approved_by_others"),
            family=rule.get("family", ""),
        )
        for rule in stored["tools"]
    )


def read_policy(text: str, known_tools: frozenset[str], known_families: frozenset[str] = frozenset()) -> PolicyReading:
    """Parse within caps, without aliases or tags, and check every key and value."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        return _refused(1, 1, f"The policy is larger than {MAX_BYTES // 1024} KiB.", "Shorten it.")
    try:
        problem = _first_danger(text)
        root = None if problem else _yaml().compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if isinstance(mark, StringMark) else (1, 1)
        return _refused(
            *where, f"This is not YAML: {error.problem or error.context or 'it cannot be read'}.", "Check indentation, colons and quotes."
        )
    except YAMLError:
        return _refused(1, 1, "This is not YAML: it holds characters that YAML does not allow.", "Remove control characters.")
    if problem:
        return PolicyReading((), (problem,))
    reader = _Reader(known_tools, known_families)
    rules: list[ToolRule] = []
    with suppress(_Enough):
        rules = reader.document(root)
    return PolicyReading(() if reader.problems else tuple(rules), tuple(reader.problems))


class _Enough(Exception):
    """So many problems were found that the others are left for later."""


def read_as_json(text: str, known_tools: list[str], known_families: list[str]) -> Json:
    """What `read_policy` understood, as JSON: see `PolicyReading.of_json`."""
    reading = read_policy(text, frozenset(known_tools), frozenset(known_families))
    return {**reading.as_json(), "problems": [asdict(problem) for problem in reading.problems]}


def _refused(line: int, column: int, message: str, cure: str) -> PolicyReading:
    return PolicyReading((), (PolicyProblem(line, column, message, cure),))


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _first_danger(text: str) -> PolicyProblem | None:
    """Aliases, anchors, tags and deep nesting, found in the stream before anything is built."""
    depth = 0
    for event in _yaml().parse(text):
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, NodeEvent) and (isinstance(event, AliasEvent) or event.anchor):
            return PolicyProblem(line, column, "Anchors and aliases are not allowed.", "Write the value out where it is needed.")
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            return PolicyProblem(
                line, column, f"Nested deeper than {MAX_DEPTH} levels.", "A policy is a list of tools, each with plain keys."
            )
        if getattr(event, "tag", None):
            return PolicyProblem(line, column, f"The tag {event.tag} is not allowed.", "Remove the tag.")
    return None


@dataclass(slots=True)
class _Reader:
    known_tools: frozenset[str]
    known_families: frozenset[str]
    problems: list[PolicyProblem] = field(default_factory=list)

    def document(self, root: Node | None) -> list[ToolRule]:
        if root is None or _is_null(root):
            return []
        rules: list[ToolRule] = []
        for key, value in self.mapping(root, ("tools",), "a policy"):
            if key == "tools":
                rules = self.tools(value)
        return rules

    def tools(self, node: Node) -> list[ToolRule]:
        if _is_null(node):
            return []
        if not isinstance(node, SequenceNode):
            self.complain(node, f"`tools` must be a list, got {_kind(node)}.", "Begin each tool with `- name: …`.")
            return []
        if len(node.value) > MAX_RULES:
            self.complain(node, f"{len(node.value)} rules; at most {MAX_RULES} are allowed.", "Shorten the list.")
            return []
        rules: list[ToolRule] = []
        for item in node.value:
            rule = self.rule(item)
            if rule and any((rule.name, rule.family) == (other.name, other.family) for other in rules):
                what = f"tool {rule.name!r}" if rule.name else f"family {rule.family!r}"
                self.complain(item, f"The {what} has a rule already.", "Keep one rule for each.")
            elif rule:
                rules.append(rule)
        return rules

    def rule(self, node: Node) -> ToolRule | None:
        named: dict[str, str | None] = {}
        agents: tuple[str, ...] | None = None
        said: dict[str, bool] = {}
        before = len(self.problems)
        for key, value in self.mapping(node, RULE_KEYS, "a tool's rule"):
            if key == "name":
                named[key] = self.known(key, value, self.known_tools, "tool")
            elif key == "family":
                named[key] = self.known(key, value, self.known_families, "family of tools")
            elif key == "allowed_agents":
                agents = self.agents(value)
            else:
                said[key] = self.boolean(key, value)
        if len(self.problems) == before:
            self.whole(node, named, said)
        name, family = named.get("name") or "", named.get("family") or ""
        approval, others = said.get("requires_approval", False), said.get("approved_by_others")
        return ToolRule(name, agents, approval, node.start_mark.line + 1, others, family) if name or family else None

    def whole(self, node: Node, named: dict[str, str | None], said: dict[str, bool]) -> None:
        """Whether the parts of a rule go together."""
        if not named:
            self.complain(node, "The rule names no tool.", "Add `name: <tool>`, or `family: <family>` for all tools of one.")
        elif len(named) > 1:
            self.complain(node, "The rule names a tool and a family.", "Keep one of them, and write a rule of its own for the other.")
        if "approved_by_others" in said and not said.get("requires_approval"):
            message = "`approved_by_others` says who approves, and this rule asks for no approval."
            self.complain(node, message, "Add `requires_approval: true`.")

    def known(self, key: str, node: Node, known: frozenset[str], what: str) -> str | None:
        name = self.text(key, node)
        if name is not None and name not in known:
            close = get_close_matches(name, known, n=1)
            cure = f"Did you mean {close[0]!r}?" if close else f"There is in this workspace: {', '.join(sorted(known)) or 'none'}."
            self.complain(node, f"There is no {what} {name!r}.", cure)
        return name

    def agents(self, node: Node) -> tuple[str, ...] | None:
        if isinstance(node, ScalarNode) and node.value == ALL_AGENTS:
            return (ALL_AGENTS,)
        if not isinstance(node, SequenceNode):
            self.complain(node, f"`allowed_agents` must be a list, got {_kind(node)}.", 'Write `["all"]` or a list of agent names.')
            return None
        names = [self.text("allowed_agents", item) for item in node.value]
        return tuple(name for name in names if name is not None)

    def boolean(self, key: str, node: Node) -> bool:
        if isinstance(node, ScalarNode) and str(node.tag).endswith(":bool"):
            return str(node.value).lower() == "true"
        self.complain(node, f"`{key}` must be true or false, got {_kind(node)}.", "Write `true` or `false`.")
        return False

    def text(self, key: str, node: Node) -> str | None:
        if isinstance(node, ScalarNode) and str(node.tag).endswith(":str") and node.value.strip():
            return str(node.value)
        self.complain(node, f"`{key}` must be text, got {_kind(node)}.", "Put the name in quotes if it looks like a number.")
        return None

    def mapping(self, node: Node, allowed: tuple[str, ...], what: str) -> Iterator[tuple[str, Node]]:
        """The known keys of a mapping with their values; everything else becomes a problem."""
        if not isinstance(node, MappingNode):
            self.complain(node, f"Expected {what} with the keys {', '.join(allowed)}; got {_kind(node)}.", f"Write `{allowed[0]}: …`.")
            return
        seen: set[str] = set()
        for key_node, value in node.value:
            key = str(key_node.value) if isinstance(key_node, ScalarNode) else ""
            if key not in allowed:
                close = get_close_matches(key, allowed, n=1)
                cure = f"Did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(allowed)}."
                self.complain(key_node, f"Unknown key {key!r} in {what}.", cure)
            elif key in seen:
                self.complain(key_node, f"The key {key!r} is given twice.", "Keep one of them.")
            else:
                seen.add(key)
                yield key, value

    def complain(self, node: Node, message: str, cure: str) -> None:
        """Raises _Enough when this is the last problem that is told."""
        self.problems.append(PolicyProblem(node.start_mark.line + 1, node.start_mark.column + 1, message, cure))
        if len(self.problems) == MOST_PROBLEMS:
            raise _Enough


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and str(node.tag).endswith(":null")


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return "nothing" if _is_null(node) else repr(str(node.value)[:60])
