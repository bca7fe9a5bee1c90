"""Who approves a call, whether that still counts when it is made, and whose tools wait: over a real API, worker and database."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.test import Client

from editor.graphs.actions import create_graph, publish_version
from editor.models import GraphVersion
from editor.versions.frozen import frozen
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.testing import MemoryTools
from runs.control.answers import answer
from runs.models import Approval, Run
from runs.worker import worker as worker_module
from runs.worker.reading import Resources
from runs.worker.worker import RunWorker
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import Membership, PolicyVersion, ServiceIdentity, Tenant, Tool, User
from tenants.people.actions import remove_member
from tenants.people.api_keys import create_api_key
from tenants.policy.identities import grant_tool, revoke_tool
from tenants.policy.policy import save_policy
from tenants.policy.rights import forget_rights
from tenants.policy.tools import enable_tool, install_tools
from tenants.roles import MemberRole
from tests.runs.databases import gate_on_this_database
from tests.runs.factories import chain, digest_shown, member
from tests.runs.resources import ScriptedResources
from tests.runs.services import wait_until
from tests.runs.worker.test_worker import status

pytestmark = pytest.mark.usefixtures("broker")
ASKED = "pay#1/tool.1/approval"
PAY = ToolSpec(name="pay", description="Pays.", parameters={"type": "object"}, safety=Safety.UNSAFE)
PAYING = chain({"id": "pay", "kind": "tool", "params": {"tool": "pay"}})
DEFAULT = "tools:\n  - name: pay\n    requires_approval: true\n"
ALWAYS_OTHERS = DEFAULT + "    approved_by_others: true\n"
ANY_STARTER = DEFAULT + "    approved_by_others: false\n"


class OwnRights(ScriptedResources):
    """Tools in memory; the gate is the tenant's own."""

    def resources_of(self, runs: Sequence[Run]) -> list[Resources]:
        return [Resources(self.models, self.tools, self._authority(run)) for run in runs]

    def _authority(self, run: Run) -> Any:
        with tenant_scope(run.tenant_id):
            return frozen(run.graph_version_id).authority(started_by=run.created_by_id)


@pytest.fixture
def resources() -> ScriptedResources:
    return OwnRights(tools=MemoryTools({"pay": lambda _: "paid"}, safety=Safety.UNSAFE))


@dataclass
class Office:
    """A workspace with one graph that pays, and the people in it."""

    tenant: Tenant
    owner: User
    version: GraphVersion

    def person(self, role: MemberRole) -> User:
        return member(self.tenant, role)

    def policy(self, yaml: str) -> None:
        with tenant_scope(self.tenant.pk):
            latest = PolicyVersion.objects.order_by("-number").first()
            save_policy(tenant=self.tenant, yaml=yaml, version=latest.number if latest else 0, by=self.owner)

    def asked_by(self, starter: User, worker: RunWorker) -> Run:
        """A run whose call waits for approval."""
        run = self.started_by(starter, worker)
        wait_until(lambda: status(run) == "waiting", 10, "the run asks")
        return run

    def started_by(self, starter: User, worker: RunWorker) -> Run:
        with system_scope():
            run = Run.objects.create(
                tenant=self.tenant,
                graph=self.version.graph,
                graph_version=self.version,
                created_by=starter,
                trigger=Run.Trigger.PAGE,
                input="x",
                due_at=Now(),
            )
        worker.admit(run.tenant_id, run.pk)
        return run


@pytest.fixture
def office(database: Any) -> Iterator[Office]:
    gate_on_this_database()
    with system_scope():
        name = f"t{uuid4().hex[:8]}"
        tenant = Tenant.objects.create(slug=name, name=name)
        owner = member(tenant, MemberRole.OWNER)
    with tenant_scope(tenant.pk):
        install_tools(tenant=tenant, specs=[PAY])
        graph = create_graph(tenant=tenant, title="Paying", slug="paying", document=PAYING, by=owner)
        office = Office(tenant, owner, publish_version(graph=graph, note="", by=owner))
    office.policy(DEFAULT)
    yield office
    gate_on_this_database()


def say(office: Office, run: Run, by: User, *, key: str = "", action: str = "approve", digest: str | None = None) -> tuple[int, Any]:
    """What the REST API answers to an approval, from a session or by a key."""
    client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})
    if not key:
        client.force_login(by, backend="django.contrib.auth.backends.ModelBackend")
    body = {"type": "answer", "path": ASKED, "action": action, "digest": digest_shown(run, ASKED) if digest is None else digest}
    response = client.post(f"/api/v1/runs/{run.pk}/commands", json.dumps(body), content_type="application/json")
    return response.status_code, response.json()


def ended(run: Run) -> Run:
    wait_until(lambda: status(run) in ("succeeded", "failed"), 10, "the run has ended")
    with system_scope():
        return Run.objects.get(pk=run.pk)


def paid(resources: ScriptedResources) -> int:
    return len(resources.tools.calls)


def test_a08_a_starter_cannot_approve_the_own_call_and_another_operator_can(
    office: Office, worker: RunWorker, resources: ScriptedResources
) -> None:
    starter, other = office.person(MemberRole.OPERATOR), office.person(MemberRole.OPERATOR)
    run = office.asked_by(starter, worker)
    for action in ("approve", "reject"):
        code, problem = say(office, run, starter, action=action)
        assert (code, problem["code"]) == (403, "own_call")
        assert problem["detail"] == "You started this run, so you may not approve its calls of 'pay'."
        assert problem["cure"].startswith("Somebody else must approve it")
    assert paid(resources) == 0
    assert say(office, run, other)[0] == 202
    assert (ended(run).status, paid(resources)) == ("succeeded", 1)


def test_a08_a_key_of_the_starter_is_the_starter(office: Office, worker: RunWorker) -> None:
    starter = office.person(MemberRole.EDITOR)
    with tenant_scope(office.tenant.pk):
        secret = create_api_key(tenant=office.tenant, user=starter, label="script").secret
    code, problem = say(office, office.asked_by(starter, worker), starter, key=secret)
    assert (code, problem["code"]) == (403, "own_call")


@pytest.mark.parametrize(
    ("policy", "role", "code"),
    [
        (DEFAULT, MemberRole.EDITOR, 403),
        (DEFAULT, MemberRole.ADMIN, 202),
        (DEFAULT, MemberRole.OWNER, 202),
        (ALWAYS_OTHERS, MemberRole.OPERATOR, 403),
        (ALWAYS_OTHERS, MemberRole.ADMIN, 403),
        (ALWAYS_OTHERS, MemberRole.OWNER, 403),
        (ANY_STARTER, MemberRole.OPERATOR, 202),
    ],
)
def test_a08_the_policy_says_which_starters_may_approve_their_own_calls(
    office: Office, worker: RunWorker, policy: str, role: MemberRole, code: int
) -> None:
    office.policy(policy)
    starter = office.person(role)
    run = office.asked_by(starter, worker)
    assert say(office, run, starter)[0] == code
    if code == 202:
        assert ended(run).status == "succeeded"


def test_a08_an_approval_names_the_digest_of_what_it_approves(office: Office, worker: RunWorker, resources: ScriptedResources) -> None:
    run = office.asked_by(office.person(MemberRole.OPERATOR), worker)
    code, problem = say(office, run, office.owner, digest="")
    assert (code, problem["code"]) == (400, "digest_missing") and "/api/v1/approvals" in problem["cure"]
    code, problem = say(office, run, office.owner, digest="0" * 64)
    assert (code, problem["code"]) == (409, "digest_mismatch")
    assert paid(resources) == 0


def revoke(office: Office, _approver: User) -> None:
    revoke_tool(identity=ServiceIdentity.objects.get(), tool=Tool.objects.get(), by=office.owner)


def switch_off(office: Office, _approver: User) -> None:
    enable_tool(tool_id=Tool.objects.get().pk, enabled=False, by=office.owner)


def forbid(office: Office, _approver: User) -> None:
    office.policy("tools:\n  - name: pay\n    allowed_agents: [somebody-else]\n")


def demote(_office: Office, approver: User) -> None:
    Membership.objects.filter(user=approver).update(role=MemberRole.VIEWER)


def remove(office: Office, approver: User) -> None:
    remove_member(membership=Membership.objects.get(user=approver), by=office.owner)


def delete(_office: Office, approver: User) -> None:
    User.objects.filter(pk=approver.pk).delete()


def restrict(office: Office, _approver: User) -> None:
    graph = office.version.graph
    type(graph).objects.filter(pk=graph.pk).update(restricted=True)


@pytest.mark.parametrize(
    ("change", "layer", "says"),
    [
        (revoke, "identity", "has no permission to use tool 'pay'"),
        (switch_off, "identity", "is switched off"),
        (forbid, "policy", "does not allow tool 'pay'"),
        (demote, "approval", "may not answer for this run any more"),
        (remove, "approval", "may not answer for this run any more"),
        (delete, "approval", "is no more"),
        (restrict, "approval", "may not answer for this run any more"),
    ],
)
def test_a03_a08_a_right_that_goes_between_the_approval_and_the_act_refuses_the_call(
    office: Office, worker: RunWorker, resources: ScriptedResources, monkeypatch: pytest.MonkeyPatch, change: Any, layer: str, says: str
) -> None:
    starter, approver = office.person(MemberRole.OPERATOR), office.person(MemberRole.OPERATOR)
    run = office.asked_by(starter, worker)
    with monkeypatch.context() as deaf:
        deaf.setattr(worker_module, "waiting_commands", lambda _worker: [])
        with tenant_scope(office.tenant.pk):
            answer(run=run, by=approver, path=ASKED, action="approve", digest=digest_shown(run, ASKED))
            change(office, approver)
            forget_rights(office.tenant.pk)
    worker.admit(run.tenant_id, run.pk)
    failed = ended(run)
    assert (failed.status, paid(resources)) == ("failed", 0)
    assert says in failed.error["message"] and failed.error["code"] == "refused" and failed.error["cure"]
    with system_scope():
        refused = [json.loads(event.payload) for event in run.events.filter(type="effect_refused")]
    assert [(event["path"], event["gate"]["layer"]) for event in refused] == [("pay#1/tool.1", layer)]


def test_a08_a_policy_that_leaves_it_to_others_since_the_starter_approved_refuses_the_call(
    office: Office, worker: RunWorker, resources: ScriptedResources
) -> None:
    office.policy(ANY_STARTER)
    starter = office.person(MemberRole.OPERATOR)
    run = office.asked_by(starter, worker)
    with tenant_scope(office.tenant.pk):
        answer(run=run, by=starter, path=ASKED, action="approve", digest=digest_shown(run, ASKED))
    office.policy(ALWAYS_OTHERS)
    worker.admit(run.tenant_id, run.pk)
    failed = ended(run)
    assert failed.error["message"].startswith(f"{starter.name!r} approved this call of an own run") and paid(resources) == 0


def test_a08_lists_and_runs_say_what_is_left_to_others(office: Office, worker: RunWorker) -> None:
    starter, other = office.person(MemberRole.OPERATOR), office.person(MemberRole.OPERATOR)
    run = office.asked_by(starter, worker)
    for person, may, tools in ((starter, False, ["pay"]), (other, True, [])):
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        [row] = client.get("/api/v1/approvals").json()["approvals"]
        assert row["may"] == {"answer": may} and bool(row["why_not"]) is not may
        assert client.get(f"/api/v1/runs/{run.pk}").json()["left_to_others"] == tools
        text = client.get("/approvals/").content.decode()
        assert ('name="action"' in text) is may and ("Somebody else must approve it" in text) is not may
    with system_scope():
        assert Approval.objects.get(run=run).request["tool"] == "pay"


def test_p12_a_revoked_tool_waits_under_a_new_name_and_its_calls_are_refused_until_an_admin_lets_it_in(
    office: Office, worker: RunWorker, resources: ScriptedResources
) -> None:
    office.policy("tools: []\n")
    editor = office.person(MemberRole.EDITOR)
    with tenant_scope(office.tenant.pk):
        tool = Tool.objects.get()
        revoke_tool(identity=ServiceIdentity.objects.get(), tool=tool, by=office.owner)
        graph = create_graph(tenant=office.tenant, title="Paying again", slug="again", document=PAYING, by=editor)
        office.version = publish_version(graph=graph, note="", by=editor)
    refused = ended(office.started_by(editor, worker))
    assert (refused.status, refused.error["code"], paid(resources)) == ("failed", "refused", 0)
    assert refused.error["message"].startswith("Tool 'pay' waits for an admin to allow it for 'graph:again'")
    assert refused.error["cure"] == "Ask an admin to allow it under Settings, Tool rights, then run again."
    with tenant_scope(office.tenant.pk):
        grant_tool(identity=ServiceIdentity.objects.get(name="graph:again"), tool=tool, by=office.owner)
    assert (ended(office.started_by(editor, worker)).status, paid(resources)) == ("succeeded", 1)
