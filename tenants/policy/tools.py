"""The tools a tenant has."""

import hashlib
import json
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from orchestrator.engine.effects.tool import ToolSpec
from tenants.models import Tenant, Tool, User
from tenants.people.access import require_here
from tenants.policy.rights import forget_rights
from tenants.problems import NotFound


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
    tool = Tool.objects.filter(pk=tool_id).first()
    if tool is None:
        raise NotFound()
    Tool.objects.filter(pk=tool_id).update(enabled=enabled)
    transaction.on_commit(lambda: forget_rights(tool.tenant_id))
    return tool


def spec_of(tool: Tool) -> ToolSpec:
    return ToolSpec.model_validate({name: getattr(tool, name) for name in ToolSpec.model_fields})
