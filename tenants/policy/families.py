"""Tools of one family do the same to the world in different words, so what is decided about one holds for its family.

The rule for a call is the tool's own; without one it is that of the tool's family; without either, what is strictest of
the rules that other tools of the family have.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from tenants.models import Tool
from tenants.policy.text import ALL_AGENTS, ToolRule


def family_of(tool: Tool) -> list[Tool]:
    """The tool and all others of its family."""
    return list(Tool.objects.filter(family=tool.family).order_by("name")) if tool.family else [tool]


def rules_in_force(rules: Iterable[ToolRule], families: Mapping[str, str]) -> dict[str, ToolRule]:
    """The rule for each tool that has one. `families` is the family of every tool by its name, empty where it has none."""
    known = list(rules)
    own, of_family = {rule.name: rule for rule in known if rule.name}, {rule.family: rule for rule in known if rule.family}
    found: dict[str, ToolRule] = {}
    for tool, family in families.items():
        siblings = [rule for rule in known if family and families.get(rule.name) == family]
        rule = own.get(tool) or of_family.get(family) or strictest(siblings, family)
        if rule is not None:
            found[tool] = rule
    return found


def strictest(rules: Sequence[ToolRule], family: str) -> ToolRule | None:
    """A rule that allows and spares nothing which any of `rules` does not; None of none."""
    return reduce(lambda one, other: _stricter(one, other, family), rules, None)


def _stricter(one: ToolRule | None, other: ToolRule, family: str) -> ToolRule:
    if one is None:
        return ToolRule(other.name, other.allowed_agents, other.requires_approval, other.line, other.approved_by_others, family)
    return ToolRule(
        name=one.name,
        allowed_agents=_allowed_by_both(one, other),
        requires_approval=one.requires_approval or other.requires_approval,
        line=one.line,
        approved_by_others=_more_others(one, other),
        family=family,
    )


def _allowed_by_both(one: ToolRule, other: ToolRule) -> tuple[str, ...] | None:
    lists = [rule.allowed_agents for rule in (one, other) if rule.allowed_agents is not None and ALL_AGENTS not in rule.allowed_agents]
    if not lists:
        return None
    return tuple(name for name in lists[0] if all(name in allowed for allowed in lists))


def _more_others(one: ToolRule, other: ToolRule) -> bool | None:
    """Of the rules that ask for approval at all: always somebody else before usually, usually before never."""
    said = [rule.approved_by_others for rule in (one, other) if rule.requires_approval]
    return True if True in said else None if None in said or not said else False
