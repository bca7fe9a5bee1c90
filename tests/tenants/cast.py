"""Two tenants as the tests know them: everything of the first one carries a canary."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from editor.graphs.actions import Attached, create_graph, publish_version
from editor.graphs.files import store_files
from editor.library.actions import create_agent
from editor.models import FileContent, Graph, GraphVersion, LibraryAgent
from orchestrator.capabilities.embeddings import local
from orchestrator.engine.document.agents.memory import LOCAL_EMBEDDING
from orchestrator.engine.effects.memory import NewMemory, Provenance
from orchestrator.engine.effects.tool import Safety, ToolSpec
from runs.memory.spaces import Source, store
from runs.models import Approval, Blob, Run, RunEvent, RunFile
from tenants.isolation.scope import tenant_scope
from tenants.models import ApiKey, Invitation, Membership, ServiceIdentity, Tenant, Tool, User
from tenants.people.actions import create_tenant
from tenants.people.api_keys import create_api_key
from tenants.people.invitations import invite
from tenants.policy.policy import save_policy
from tenants.policy.tools import install_tools
from tenants.roles import MemberRole
from tenants.vault.provider_keys import save_provider_key

CANARY = "canary-7f3a9c"
PROVIDER_SECRET = f"sk-{CANARY}-secret-0123456789"

TOOLS = [
    ToolSpec(name="calculator", description="Computes.", parameters={"type": "object"}, safety=Safety.PURE),
    ToolSpec(name="http_request", description="Fetches.", parameters={"type": "object"}, safety=Safety.UNSAFE),
]


def provider_of(slug: str) -> str:
    """The provider for whose key a house is known."""
    return {"alpha": "mistral", "beta": "groq"}.get(slug, "xai")


def graph_document(title: str = "Small", *, tools: tuple[str, ...] = ("calculator",)) -> dict[str, Any]:
    """A valid graph: input, one agent, output."""
    return {
        "title": title,
        "agents": {"helper": {"name": "Helper", "model": "demo", "instructions": f"Be kind. {title}", "tools": list(tools)}},
        "nodes": [
            {"id": "start", "kind": "input"},
            {"id": "work", "kind": "agent", "params": {"agent": "helper", "prompt": "{{ input }}"}},
            {"id": "end", "kind": "output"},
        ],
        "edges": [
            {"id": "e1", "source": "start", "target": "work"},
            {"id": "e2", "source": "work", "target": "end"},
        ],
    }


def agent_document(name: str = "Billing", *, tools: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"name": name, "model": "demo", "instructions": "Help.", "tools": list(tools)}


@dataclass
class House:
    """One tenant with its owner and one of everything."""

    tenant: Tenant
    owner: User
    graph: Graph
    version: GraphVersion
    agent: LibraryAgent
    key: ApiKey
    secret: str
    tool: Tool
    identity: ServiceIdentity
    membership: Membership
    invitation: Invitation
    run: Run
    blob: str
    memory: int

    def client(self, user: User | None = None, **kwargs: Any) -> Client:
        client = Client(**kwargs)
        client.force_login(user or self.owner, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def member(self, name: str, role: MemberRole) -> User:
        user = User.objects.create_user(username=name)
        with tenant_scope(self.tenant.id):
            Membership.objects.create(tenant=self.tenant, user=user, role=role)
        return user


def build_run(version: GraphVersion, owner: User, mark: str) -> Run:
    """A run with an event that refers to a big value, a file of the same digest, and a question to people."""
    tenant, digest = version.tenant, blob_digest(mark)
    run = Run.objects.create(
        tenant=tenant,
        graph=version.graph,
        graph_version=version,
        created_by=owner,
        trigger=Run.Trigger.API,
        status="waiting",
        input={"text": mark},
        output={"rows": [{"text": mark}]},
        last_seq=1,
    )
    started = {"type": "run_started", "seq": 1, "at_us": 1, "input": {"$blob": digest, "size": 99999, "preview": mark}}
    RunEvent.objects.create(tenant=tenant, run=run, seq=1, type="run_started", at_us=1, payload=json.dumps(started, separators=(",", ":")))
    Blob.objects.create(tenant=tenant, sha256=digest, content=json.dumps(f"big {mark}"))
    kept = {"content": mark.encode(), "kind": "text", "media_type": "text/plain"}
    FileContent.objects.get_or_create(digest=digest, defaults={"tenant": tenant, **kept})
    RunFile.objects.create(tenant=tenant, run=run, digest=digest)
    request = {"mode": "approval", "title": f"title {mark}", "message": mark, "payload": mark, "actions": [], "schema": None, "digest": ""}
    Approval.objects.create(tenant=tenant, run=run, path="ask#1", request=request)
    return run


def blob_digest(mark: str) -> str:
    return hashlib.sha256(mark.encode()).hexdigest()


def build_house(slug: str, mark: str) -> House:
    owner = User.objects.create_user(username=f"{slug}-owner", last_name=mark)
    tenant = create_tenant(slug=slug, name=f"Tenant {slug} {mark}", owner=owner)
    with tenant_scope(tenant.id):
        install_tools(tenant=tenant, specs=TOOLS)
        attached = Attached(store_files(tenant=tenant, files={"notes.txt": f"note {mark}".encode()}), None)
        document = graph_document(f"Graph {mark}")
        graph = create_graph(tenant=tenant, title=f"Graph {mark}", slug=f"{slug}-graph", document=document, attached=attached, by=owner)
        version = publish_version(graph=graph, note=f"note {mark}", by=owner)
        agent = create_agent(tenant=tenant, agent=agent_document(f"Agent {mark}"), slug=f"{slug}-agent", by=owner)
        key = create_api_key(tenant=tenant, user=owner, label=f"label {mark}")
        save_policy(tenant=tenant, yaml=f"# {mark}\ntools: []\n", version=0, by=owner)
        save_provider_key(tenant=tenant, name=provider_of(slug), value=f"sk-{mark}-secret-0123456789", by=owner)
        return House(
            tenant=tenant,
            owner=owner,
            graph=graph,
            version=version,
            agent=agent,
            key=key.row,
            secret=key.secret,
            tool=Tool.objects.get(name="calculator"),
            identity=ServiceIdentity.objects.get(name=f"{slug}-graph.helper"),
            membership=Membership.objects.get(user=owner),
            invitation=invite(tenant=tenant, who=f"friend {mark}", role=MemberRole.VIEWER, by=owner).row,
            run=build_run(version, owner, mark),
            blob=blob_digest(mark),
            memory=build_memory(f"{slug}-memory", mark),
        )


def build_memory(space: str, mark: str) -> int:
    """Something that an agent of the tenant remembers."""
    memory = NewMemory(space=space, kind="note", text=f"memory {mark}", embedding=LOCAL_EMBEDDING)
    return int(store(memory, local.embed(memory.text), mark, Source(None, Provenance(agent=f"agent {mark}"))).id)
