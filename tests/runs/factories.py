"""Rows for tests: a tenant with a user, a graph and its version, runs of it."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import uuid4

from django.db.models.functions import Now

from editor.models import Graph, GraphVersion
from runs.models import Approval, Run
from tenants.isolation.scope import system_scope
from tenants.models import Membership, Tenant, User
from tenants.roles import MemberRole


def chain(*nodes: dict[str, Any], agents: dict[str, Any] | None = None) -> dict[str, Any]:
    """A document of an input, the nodes one after the other, and an output."""
    inner = [{"id": "start", "kind": "input"}, *nodes, {"id": "end", "kind": "output"}]
    edges = [{"id": f"e{i}", "source": a["id"], "target": b["id"]} for i, (a, b) in enumerate(pairwise(inner))]
    return {"title": "Chain", "nodes": inner, "edges": edges, "agents": agents or {}}


@dataclass
class World:
    """One tenant, one owner, one graph version."""

    tenant: Tenant
    user: User
    graph: Graph
    version: GraphVersion

    def run(self, run_input: Any = None, **fields: Any) -> Run:
        """A run that is due, as start_run makes it."""
        with system_scope():
            return Run.objects.create(
                tenant=self.tenant,
                graph=self.graph,
                graph_version=self.version,
                created_by=self.user,
                trigger=Run.Trigger.API,
                input=run_input,
                **{"due_at": Now(), **fields},
            )


def world(document: dict[str, Any] | None = None, *, slug: str = "", role: MemberRole = MemberRole.OWNER) -> World:
    name = slug or f"t{uuid4().hex[:8]}"
    document = document or chain()
    with system_scope():
        tenant = Tenant.objects.create(slug=name, name=name)
        user = member(tenant, role)
        graph = Graph.objects.create(tenant=tenant, slug="graph", title="Graph", document=document, created_by=user)
        version = GraphVersion.objects.create(
            tenant=tenant, graph=graph, number=1, revision=1, source=document, document=document, digest="0" * 64, created_by=user
        )
    return World(tenant, user, graph, version)


def member(tenant: Tenant, role: MemberRole) -> User:
    with system_scope():
        user = User.objects.create(username=f"u{uuid4().hex[:10]}")
        Membership.objects.create(tenant=tenant, user=user, role=role)
        return user


def digest_shown(run: Run, path: str) -> str:
    """What an answer to the question at `path` names; anything where nothing was asked."""
    with system_scope():
        return Approval.objects.filter(run=run, path=path).values_list("digest", flat=True).first() or "0" * 64
