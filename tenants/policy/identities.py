"""Service identities and the tools they may use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm

from tenants.models import ServiceIdentity, Tenant, Tool, ToolGrant, ToolUserObjectPermission, User
from tenants.people.access import require_here
from tenants.people.actions import create_service_user
from tenants.policy.rights import forget_rights
from tenants.problems import NotFound

USE_TOOL = "tenants.use_tool"
GRAPH_MARK = "graph:"

GrantState = Literal["granted", "revoked", "never"]


def agent_identity(graph: str, agent: str) -> str:
    """The name of an agent drawn in a graph."""
    return f"{graph}.{agent}"


def graph_identity(graph: str) -> str:
    """The name of what people drew in a graph themselves."""
    return f"{GRAPH_MARK}{graph}"


def give_listed_tools(*, tenant: Tenant, wanted: Mapping[str, Iterable[str]], by: User | None) -> None:
    """Let each identity have the tools newly on its list. What was once decided stays decided."""
    if not wanted:
        return
    tools = {tool.name: tool for tool in Tool.objects.all()}
    with transaction.atomic():
        identities = _identities(tenant, wanted)
        decided = set(ToolGrant.objects.filter(identity__in=identities.values()).values_list("identity_id", "tool_id"))
        for name, tool_names in wanted.items():
            for tool in (tools[tool_name] for tool_name in dict.fromkeys(tool_names) if tool_name in tools):
                if (identities[name].pk, tool.pk) not in decided:
                    ToolGrant.objects.create(tenant=tenant, identity=identities[name], tool=tool, decided_by=by)
                    assign_perm(USE_TOOL, identities[name].user, tool)
                    transaction.on_commit(lambda: forget_rights(tenant.id))


def grant_tool(*, identity: ServiceIdentity, tool: Tool, by: User) -> None:
    require_here(by, "manage")
    with transaction.atomic():
        ToolGrant.objects.update_or_create(
            identity=identity, tool=tool, defaults={"tenant_id": identity.tenant_id, "revoked_at": None, "decided_by": by}
        )
        assign_perm(USE_TOOL, identity.user, tool)
    transaction.on_commit(lambda: forget_rights(identity.tenant_id))


def revoke_tool(*, identity: ServiceIdentity, tool: Tool, by: User) -> None:
    """Takes effect on runs in flight; the agent's tool list does not bring it back."""
    require_here(by, "manage")
    with transaction.atomic():
        ToolGrant.objects.update_or_create(
            identity=identity, tool=tool, defaults={"tenant_id": identity.tenant_id, "revoked_at": timezone.now(), "decided_by": by}
        )
        remove_perm(USE_TOOL, identity.user, tool)
    transaction.on_commit(lambda: forget_rights(identity.tenant_id))


def drop_identities(*, tenant_id: UUID, graph: str = "", agent: str = "") -> None:
    """Forget the identities of a deleted graph or library agent, so that a later namesake inherits nothing."""
    names = Q(name=graph_identity(graph)) | Q(name__startswith=agent_identity(graph, "")) if graph else Q(name=agent)
    users = list(ServiceIdentity.objects.filter(names).values_list("user_id", flat=True))
    User.objects.filter(pk__in=users, is_service=True).delete()
    transaction.on_commit(lambda: forget_rights(tenant_id))


@dataclass(frozen=True, slots=True)
class MatrixCell:
    tool: Tool
    state: GrantState


@dataclass(frozen=True, slots=True)
class MatrixRow:
    identity: ServiceIdentity
    cells: tuple[MatrixCell, ...]


def tool_matrix() -> tuple[list[Tool], list[MatrixRow]]:
    """Every identity of the tenant against every tool, as the guardian permissions stand."""
    tools = list(Tool.objects.order_by("name"))
    identities = list(ServiceIdentity.objects.order_by("name"))
    held = set(
        ToolUserObjectPermission.objects.filter(content_object__in=tools, permission__codename="use_tool").values_list(
            "user_id", "content_object_id"
        )
    )
    decided = set(ToolGrant.objects.values_list("identity_id", "tool_id"))

    def state(identity: ServiceIdentity, tool: Tool) -> GrantState:
        if (identity.user_id, tool.pk) in held:
            return "granted"
        return "revoked" if (identity.pk, tool.pk) in decided else "never"

    return tools, [MatrixRow(identity, tuple(MatrixCell(tool, state(identity, tool)) for tool in tools)) for identity in identities]


def find_identity_and_tool(identity_id: UUID, tool_id: UUID) -> tuple[ServiceIdentity, Tool]:
    identity = ServiceIdentity.objects.filter(pk=identity_id).select_related("user").first()
    tool = Tool.objects.filter(pk=tool_id).first()
    if identity is None or tool is None:
        raise NotFound()
    return identity, tool


def _identities(tenant: Tenant, names: Iterable[str]) -> dict[str, ServiceIdentity]:
    found = {identity.name: identity for identity in ServiceIdentity.objects.filter(name__in=list(names)).select_related("user")}
    for name in names:
        if name not in found:
            found[name] = ServiceIdentity.objects.create(tenant=tenant, name=name, user=create_service_user(label=name))
    return found
