"""Roles, permissions on single objects, and what ends with a membership."""

import pytest
from django.contrib.auth.models import Permission
from guardian.shortcuts import assign_perm, get_objects_for_user

from editor.graphs.actions import create_graph, delete_graph, restrict_graph
from editor.models import Graph, GraphUserObjectPermission
from tenants.isolation.scope import tenant_scope
from tenants.models import ApiKey, Membership, ServiceIdentity, ToolGrant, ToolUserObjectPermission, User
from tenants.people.access import may, share, visible_to
from tenants.people.actions import change_role, remove_member
from tenants.people.api_keys import create_api_key, key_and_membership
from tenants.people.invitations import accept, invite
from tenants.policy.identities import agent_identity
from tenants.problems import Conflict, Forbidden, NotFound
from tenants.roles import ACTIONS, MemberRole
from tests.tenants.cast import House, graph_document

EXPECTED = {
    MemberRole.VIEWER: {"view"},
    MemberRole.OPERATOR: {"view", "run", "answer", "cancel"},
    MemberRole.EDITOR: {"view", "run", "answer", "cancel", "edit", "publish"},
    MemberRole.ADMIN: set(ACTIONS),
    MemberRole.OWNER: set(ACTIONS),
}


@pytest.mark.parametrize("role", list(MemberRole))
def test_each_role_may_what_it_is_for(alpha: House, role: MemberRole) -> None:
    user = alpha.member("somebody", role)
    with tenant_scope(alpha.tenant.id):
        assert {action for action in ACTIONS if may(user, action, alpha.graph)} == EXPECTED[role]


def test_a_stranger_may_nothing(alpha: House, beta: House) -> None:
    with tenant_scope(alpha.tenant.id):
        assert not any(may(beta.owner, action, alpha.graph) for action in ACTIONS)
        assert list(Graph.objects.visible_to(beta.owner)) == []
    with tenant_scope(beta.tenant.id):
        assert not any(may(beta.owner, action, alpha.graph) for action in ACTIONS)


def test_a_permission_on_one_graph_adds_to_the_role(alpha: House) -> None:
    viewer = alpha.member("viewer", MemberRole.VIEWER)
    with tenant_scope(alpha.tenant.id):
        other = create_graph(tenant=alpha.tenant, title="Other", by=alpha.owner)
        share(target=alpha.graph, user=viewer, actions=frozenset({"run"}), by=alpha.owner)
        assert may(viewer, "run", alpha.graph)
        assert may(viewer, "run", alpha.version.guarding())
        assert not may(viewer, "edit", alpha.graph)
        assert not may(viewer, "run", other)


def test_a_restricted_graph_is_there_for_managers_and_the_permitted_only(alpha: House) -> None:
    editor, guest = alpha.member("editor", MemberRole.EDITOR), alpha.member("guest", MemberRole.VIEWER)
    with tenant_scope(alpha.tenant.id):
        restrict_graph(graph=alpha.graph, restricted=True, by=alpha.owner)
        share(target=alpha.graph, user=guest, actions=frozenset({"edit"}), by=alpha.owner)
        graph = Graph.objects.get()
        assert not may(editor, "view", graph)
        assert list(Graph.objects.visible_to(editor)) == []
        assert may(guest, "view", graph) and may(guest, "edit", graph) and not may(guest, "run", graph)
        assert list(Graph.objects.visible_to(guest)) == [graph] == list(Graph.objects.visible_to(alpha.owner))


def test_only_members_can_be_given_permissions(alpha: House, beta: House) -> None:
    with tenant_scope(alpha.tenant.id), pytest.raises(NotFound):
        share(target=alpha.graph, user=beta.owner, actions=frozenset({"view"}), by=alpha.owner)


def test_t08_a_new_object_under_an_old_key_inherits_nothing(alpha: House) -> None:
    viewer = alpha.member("viewer", MemberRole.VIEWER)
    with tenant_scope(alpha.tenant.id):
        pk = create_graph(tenant=alpha.tenant, title="Gone", by=alpha.owner).pk
        assign_perm("editor.edit_graph", viewer, Graph.objects.get(pk=pk))
        assert GraphUserObjectPermission.objects.count() == 1
        Graph.objects.filter(pk=pk).delete()
        again = Graph.objects.create(pk=pk, tenant=alpha.tenant, slug="again", title="Again", document={})
        assert not may(viewer, "edit", again)
        assert GraphUserObjectPermission.objects.count() == 0


def test_t08_a_namesake_of_a_deleted_graph_inherits_no_tool(alpha: House) -> None:
    name = agent_identity("alpha-graph", "helper")
    with tenant_scope(alpha.tenant.id):
        old = ServiceIdentity.objects.get(name=name)
        delete_graph(graph=alpha.graph, by=alpha.owner)
        assert not ServiceIdentity.objects.filter(name__startswith="alpha-graph.").exists()
        assert not ToolUserObjectPermission.objects.exists() and not ToolGrant.objects.exists()
        create_graph(tenant=alpha.tenant, title="Again", slug="alpha-graph", document=graph_document(tools=()), by=alpha.owner)
        assert not ServiceIdentity.objects.filter(pk=old.pk).exists()
        assert not ToolUserObjectPermission.objects.exists()


def test_t09_a_model_wide_permission_shows_nothing(alpha: House, beta: House) -> None:
    for user in (beta.owner, alpha.member("viewer", MemberRole.VIEWER)):
        user.user_permissions.set(Permission.objects.filter(content_type__app_label="editor"))
    viewer = User.objects.get(username="viewer")
    with tenant_scope(alpha.tenant.id):
        restrict_graph(graph=alpha.graph, restricted=True, by=alpha.owner)
        graph = Graph.objects.get()
        assert not may(viewer, "edit", graph)
        assert list(visible_to(viewer, Graph.objects.all())) == []
        leaky = get_objects_for_user(viewer, "editor.view_graph", Graph)
        assert list(leaky) == [graph], "control: guardian's own default would have shown it"
    with tenant_scope(beta.tenant.id):
        assert graph not in get_objects_for_user(beta.owner, "editor.view_graph", Graph)


def test_t10_a_deactivated_person_is_refused_everywhere(alpha: House) -> None:
    editor = alpha.member("editor", MemberRole.EDITOR)
    with tenant_scope(alpha.tenant.id):
        secret = create_api_key(tenant=alpha.tenant, user=editor).secret
        share(target=alpha.graph, user=editor, actions=frozenset({"view"}), by=alpha.owner)
    client = alpha.client(editor)
    assert client.get("/api/v1/graphs").status_code == 200
    User.objects.filter(pk=editor.pk).update(is_active=False)
    editor.refresh_from_db()
    with tenant_scope(alpha.tenant.id):
        assert not may(editor, "view", alpha.graph)
        assert list(Graph.objects.visible_to(editor)) == []
    assert key_and_membership(secret) is None
    assert client.get("/api/v1/graphs").status_code == 401
    assert client.get("/").status_code == 302


def test_t10_who_is_removed_loses_keys_and_permissions_for_good(alpha: House) -> None:
    editor = alpha.member("editor", MemberRole.EDITOR)
    with tenant_scope(alpha.tenant.id):
        secret = create_api_key(tenant=alpha.tenant, user=editor).secret
        share(target=alpha.graph, user=editor, actions=frozenset({"edit"}), by=alpha.owner)
        remove_member(membership=Membership.objects.get(user=editor), by=alpha.owner)
        assert key_and_membership(secret) is None
        assert not ApiKey.objects.filter(user=editor).exists()
        token = invite(tenant=alpha.tenant, who="editor", role=MemberRole.VIEWER, by=alpha.owner).token
        accept(token=token, user=editor)
        assert not may(editor, "edit", alpha.graph)


def test_nobody_handles_a_role_above_their_own(alpha: House) -> None:
    admin = alpha.member("admin", MemberRole.ADMIN)
    with tenant_scope(alpha.tenant.id):
        own = Membership.objects.get(user=admin)
        with pytest.raises(Forbidden):
            change_role(membership=own, role=MemberRole.OWNER, by=admin)
        with pytest.raises(Forbidden):
            remove_member(membership=alpha.membership, by=admin)
        with pytest.raises(Forbidden):
            invite(tenant=alpha.tenant, who="friend", role=MemberRole.OWNER, by=admin)


def test_the_last_owner_stays(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        with pytest.raises(Conflict):
            change_role(membership=alpha.membership, role=MemberRole.VIEWER, by=alpha.owner)
        with pytest.raises(Conflict):
            remove_member(membership=alpha.membership, by=alpha.owner)
