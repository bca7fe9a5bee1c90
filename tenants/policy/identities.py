"""Service identities and the tools they may use."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from guardian.shortcuts import assign_perm, remove_perm

from tenants.models import ServiceIdentity, Tool, ToolGrant, ToolUserObjectPermission, User
from tenants.people.access import require_here
from tenants.policy.families import family_of
from tenants.policy.rights import forget_rights
from tenants.problems import NotFound

USE_TOOL = "tenants.use_tool"
GRAPH_MARK = "graph:"

GrantState = Literal["granted", "waiting", "revoked", "never"]


def agent_identity(graph: str, agent: str) -> str:
    """The name of an agent drawn in a graph."""
    return f"{graph}.{agent}"


def graph_identity(graph: str) -> str:
    """The name of what people drew in a graph themselves."""
    return f"{GRAPH_MARK}{graph}"


def grant_tool(*, identity: ServiceIdentity, tool: Tool, by: User) -> None:
    require_here(by, "manage")
    with transaction.atomic():
        _decide(identity, tool, by, revoked_at=None)
        assign_perm(USE_TOOL, identity.user, tool)
    transaction.on_commit(lambda: forget_rights(identity.tenant_id))


def revoke_tool(*, identity: ServiceIdentity, tool: Tool, by: User) -> list[Tool]:
    """Take the tool, and with it every tool of its family; those are returned.

    Takes effect on runs in flight; no tool list brings it back, under whatever name, unless a manager saves it.
    """
    require_here(by, "manage")
    family, now = family_of(tool), timezone.now()
    with transaction.atomic():
        for each in family:
            _decide(identity, each, by, revoked_at=now)
            remove_perm(USE_TOOL, identity.user, each)
    transaction.on_commit(lambda: forget_rights(identity.tenant_id))
    return family


def _decide(identity: ServiceIdentity, tool: Tool, by: User, *, revoked_at: datetime | None) -> None:
    decision = {"tenant_id": identity.tenant_id, "revoked_at": revoked_at, "waits": False, "decided_by": by}
    ToolGrant.objects.update_or_create(identity=identity, tool=tool, defaults=decision)


def drop_identities(*, tenant_id: UUID, graph: str = "", agent: str = "") -> None:
    """Forget the identities of a deleted graph or library agent, so that a later namesake inherits nothing.

    That a tool was taken from one of them is kept: see `Tool.withheld`.
    """
    names = Q(name=graph_identity(graph)) | Q(name__startswith=agent_identity(graph, "")) if graph else Q(name=agent)
    identities = ServiceIdentity.objects.filter(names)
    taken = ToolGrant.objects.filter(identity__in=identities, revoked_at__isnull=False).values_list("tool_id", flat=True)
    Tool.objects.filter(pk__in=list(taken)).update(withheld=True)
    users = list(identities.values_list("user_id", flat=True))
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
    decided = {(grant.identity_id, grant.tool_id): grant for grant in ToolGrant.objects.all()}

    def state(identity: ServiceIdentity, tool: Tool) -> GrantState:
        if (identity.user_id, tool.pk) in held:
            return "granted"
        grant = decided.get((identity.pk, tool.pk))
        return "never" if grant is None else "waiting" if grant.waits else "revoked"

    return tools, [MatrixRow(identity, tuple(MatrixCell(tool, state(identity, tool)) for tool in tools)) for identity in identities]


def find_identity_and_tool(identity_id: UUID, tool_id: UUID) -> tuple[ServiceIdentity, Tool]:
    identity = ServiceIdentity.objects.filter(pk=identity_id).select_related("user").first()
    tool = Tool.objects.filter(pk=tool_id).first()
    if identity is None or tool is None:
        raise NotFound()
    return identity, tool
