"""The tenant's answer at the engine's gate: the identity's permission, then the policy."""

import time
from collections.abc import Mapping
from functools import partial
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connection

from orchestrator.engine.effects.gate import GateDecision, GateRequest, GateSubject, Verdict
from orchestrator.engine.errors import HostUnavailable
from tenants.isolation.database import DatabaseAway, reach
from tenants.policy.consent import Consent, objection
from tenants.policy.identities import agent_identity, graph_identity
from tenants.policy.rights import Rights, kept_rights, read_rights

WAITS_CURE = "Ask an admin to allow it under Settings, Tool rights, then run again."
PATIENCE_S = 5.0
"""How long a run waits for its rights while the database is away."""


@sync_to_async(thread_sensitive=True)
def _reach_rights(tenant_id: UUID, since: float) -> Rights:
    return reach(partial(read_rights, tenant_id, since), patience_s=PATIENCE_S)


@sync_to_async(thread_sensitive=True)
def _reach_objection(consent: Consent, tenant_id: UUID, approved_by: str, tool: str) -> str:
    return reach(partial(objection, consent, tenant_id=tenant_id, approved_by=approved_by, tool=tool), patience_s=PATIENCE_S)


@sync_to_async(thread_sensitive=True)
def gate_answers() -> bool:
    """Whether the thread that reads rights reaches the database."""
    try:
        reach(lambda: connection.cursor().close())
    except DatabaseAway:
        return False
    return True


class TenantAuthority:
    """Decides for the runs of one graph. `identities` maps the agents of its version to their names.

    What people drew themselves (tool nodes) acts under the graph's own identity.
    """

    def __init__(self, *, tenant_id: UUID, graph: str, identities: Mapping[str, str], consent: Consent) -> None:
        self.tenant_id = tenant_id
        self.graph = graph
        self.identities = dict(identities)
        self.consent = consent

    async def decide(self, request: GateRequest) -> GateDecision:
        """Rights are at most a second old: a revocation reaches runs in flight. Nothing is refused by what was read before it was asked.
        Who approved a call is looked at when it is made.

        Raises HostUnavailable when they cannot be read: that is never the run's fault.
        """
        if request.subject is not GateSubject.TOOL:
            return GateDecision(verdict=Verdict.ALLOW)
        asked, rights = time.monotonic(), kept_rights(self.tenant_id)
        decision = decision_on_tool(rights, self.identity_of(request), request.name) if rights else None
        if decision is None or decision.verdict is Verdict.DENY:
            decision = decision_on_tool(await self._read_rights(asked), self.identity_of(request), request.name)
        if decision.verdict is not Verdict.ASK or request.approved_by is None:
            return decision
        return await self._decision_on_consent(decision, request.approved_by, request.name)

    async def _read_rights(self, since: float) -> Rights:
        try:
            return await _reach_rights(self.tenant_id, since)
        except DatabaseAway as error:
            raise HostUnavailable(str(error)) from error

    async def _decision_on_consent(self, asked: GateDecision, approved_by: str, tool: str) -> GateDecision:
        """The decision that the policy asks for a person's word, while that word counts."""
        try:
            reason = await _reach_objection(self.consent, self.tenant_id, approved_by, tool)
        except DatabaseAway as error:
            raise HostUnavailable(str(error)) from error
        if not reason:
            return asked
        cure = "Start a new run, and let somebody approve the call who may."
        return GateDecision(
            verdict=Verdict.DENY, layer="approval", rule="approved_by", reason=reason, cure=cure, policy_version=asked.policy_version
        )

    def identity_of(self, request: GateRequest) -> str:
        if request.own_tools is None:
            return graph_identity(self.graph)
        return self.identities.get(request.agent) or agent_identity(self.graph, request.agent)


def decision_on_tool(rights: Rights, identity: str, tool: str) -> GateDecision:
    """Permission first, then policy. The first layer that says no has the word."""
    denied, cure = _denied_permission(rights, identity, tool)
    if denied:
        return GateDecision(
            verdict=Verdict.DENY, layer="identity", rule="use_tool", reason=denied, cure=cure, policy_version=rights.policy_version
        )
    rule = rights.rules.get(tool)
    if rule is None:
        return GateDecision(verdict=Verdict.ALLOW, layer="identity", rule="use_tool", policy_version=rights.policy_version)
    where = rule.place
    if not rule.allows(identity):
        reason = f"The policy does not allow tool {tool!r} to {identity!r}"
        return GateDecision(
            verdict=Verdict.DENY, layer="policy", rule=f"{where}, allowed_agents", reason=reason, policy_version=rights.policy_version
        )
    if rule.requires_approval:
        reason = f"The policy wants a person to approve each call of {tool!r}"
        return GateDecision(
            verdict=Verdict.ASK, layer="policy", rule=f"{where}, requires_approval", reason=reason, policy_version=rights.policy_version
        )
    return GateDecision(verdict=Verdict.ALLOW, layer="policy", rule=where, policy_version=rights.policy_version)


def _denied_permission(rights: Rights, identity: str, tool: str) -> tuple[str, str]:
    """Why the identity may not use the tool, or nothing; and how to mend it, where that is not the usual way."""
    if tool not in rights.enabled:
        return f"This workspace has no tool {tool!r}", ""
    if not rights.enabled[tool]:
        return f"Tool {tool!r} is switched off in this workspace", ""
    if (identity, tool) in rights.waiting:
        return f"Tool {tool!r} waits for an admin to allow it for {identity!r}", WAITS_CURE
    if (identity, tool) not in rights.permitted:
        return f"{identity!r} has no permission to use tool {tool!r}", ""
    return "", ""
