"""What every identity of a tenant may use, read at once and kept for at most a second."""

import time
from dataclasses import dataclass
from uuid import UUID

from tenants.isolation.scope import tenant_scope
from tenants.models import PolicyVersion, ServiceIdentity, Tool, ToolGrant, ToolUserObjectPermission
from tenants.policy.families import rules_in_force
from tenants.policy.text import ToolRule, rules_from_json

KEPT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Rights:
    read_at: float
    enabled: dict[str, bool]
    """Every tool by name, and whether it is enabled."""
    permitted: frozenset[tuple[str, str]]
    """Pairs of identity name and tool name."""
    waiting: frozenset[tuple[str, str]]
    """Of those that are not permitted, the pairs that wait for a manager."""
    rules: dict[str, ToolRule]
    """The rule in force for each tool that has one, by itself or by its family."""
    policy_version: int | None

    def fresh(self) -> bool:
        return time.monotonic() - self.read_at < KEPT_SECONDS


_kept: dict[UUID, Rights] = {}


def kept_rights(tenant_id: UUID) -> Rights | None:
    """The rights read within the last second, if any."""
    rights = _kept.get(tenant_id)
    return rights if rights and rights.fresh() else None


def read_rights(tenant_id: UUID, since: float) -> Rights:
    """The rights as they stand in the database, or as they were read at `since` (of the monotonic clock) or later."""
    rights = kept_rights(tenant_id)
    if rights is None or rights.read_at < since:
        rights = _kept[tenant_id] = _load(tenant_id)
    return rights


def forget_rights(tenant_id: UUID) -> None:
    """Read again at the next question: something was changed by this process."""
    _kept.pop(tenant_id, None)


def _load(tenant_id: UUID) -> Rights:
    read_at = time.monotonic()
    with tenant_scope(tenant_id):
        policy = PolicyVersion.objects.order_by("-number").first()
        identities = dict(ServiceIdentity.objects.values_list("user_id", "name"))
        held = ToolUserObjectPermission.objects.filter(
            content_object__tenant=tenant_id, permission__codename="use_tool", user__in=identities
        ).values_list("user_id", "content_object__name")
        tools = list(Tool.objects.values_list("name", "enabled", "family"))
        families = {name: family for name, _, family in tools}
        return Rights(
            read_at=read_at,
            enabled={name: enabled for name, enabled, _ in tools},
            permitted=frozenset((identities[user], tool) for user, tool in held),
            waiting=frozenset(ToolGrant.objects.filter(waits=True).values_list("identity__name", "tool__name")),
            rules=rules_in_force(rules_from_json(policy.rules), families) if policy else {},
            policy_version=policy.number if policy else None,
        )
