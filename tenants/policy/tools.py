"""The tools a tenant has."""

import hashlib
import json
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db import transaction

from orchestrator.capabilities.tools.terms import MOST_RETRIES, Lowered
from orchestrator.engine.effects.tool import ToolSpec
from tenants.models import Tenant, Tool, User
from tenants.people.access import require_here
from tenants.policy.rights import forget_rights
from tenants.problems import InvalidValue, NotFound

LEAST_TIMEOUT_S: Final = 0.1
MOST_PER_MINUTE: Final = 100_000


def definition_hash(spec: ToolSpec) -> str:
    """Covers everything a model or a person is told about the tool."""
    return hashlib.sha256(json.dumps(spec.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def install_tools(*, tenant: Tenant, specs: Iterable[ToolSpec]) -> None:
    """Have the tools that come with the product in a tenant, in their present definition."""
    known = {tool.name: tool for tool in Tool.objects.all()}
    for spec in specs:
        digest = definition_hash(spec)
        fields = spec.model_dump(mode="json") | {"definition_hash": digest}
        tool = known.get(spec.name)
        if tool is None:
            Tool.objects.create(tenant=tenant, **fields)
        elif tool.definition_hash != digest:
            Tool.objects.filter(pk=tool.pk).update(**fields)
    transaction.on_commit(lambda: forget_rights(tenant.id))


def enable_tool(*, tool_id: UUID, enabled: bool, by: User) -> Tool:
    """Switch a tool on or off for everybody, runs in flight included."""
    require_here(by, "manage")
    tool = tool_with(tool_id)
    Tool.objects.filter(pk=tool_id).update(enabled=enabled)
    transaction.on_commit(lambda: forget_rights(tool.tenant_id))
    return tool


def lower_tool(*, tool_id: UUID, terms: Lowered, by: User) -> Tool:
    """Let the tenant's runs call a tool on narrower terms than its own; runs that a worker takes up from now on keep them.

    Raises InvalidValue for terms that are none. More than the tool's own changes nothing.
    """
    require_here(by, "manage")
    tool = tool_with(tool_id)
    for what, value, least, most in (
        ("The time limit", terms.timeout_s, LEAST_TIMEOUT_S, tool.timeout_s),
        ("The number of retries", terms.retries, 0, MOST_RETRIES),
        ("The calls in a minute", terms.per_minute, 1, MOST_PER_MINUTE),
    ):
        if value is not None and not least <= value <= most:
            raise InvalidValue(f"{what} is {value:g}, expected {least:g} to {most:g}.", cure="Leave it empty for the tool's own.")
    own = {"own_timeout_s": terms.timeout_s, "own_retries": terms.retries, "own_per_minute": terms.per_minute}
    Tool.objects.filter(pk=tool_id).update(**own)
    return tool_with(tool_id)


def tool_with(tool_id: UUID) -> Tool:
    tool = Tool.objects.filter(pk=tool_id).first()
    if tool is None:
        raise NotFound()
    return tool


def lowered(tool: Tool) -> Lowered:
    return Lowered(timeout_s=tool.own_timeout_s, retries=tool.own_retries, per_minute=tool.own_per_minute)
