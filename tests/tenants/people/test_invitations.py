"""Becoming a member: invited by somebody, accepted by the person, for an account that is theirs."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.live.sockets.access import Credentials, visible_run, visitor
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import ApiKey, Invitation, Membership, SignInLink, User
from tenants.people.actions import change_role, remove_member
from tenants.people.invitations import MOST_OPEN, InvitationRefused, accept, accept_as_new_person, invite, take_back
from tenants.people.sign_in import create_sign_in_link
from tenants.problems import ApiProblem, Conflict, Forbidden, InvalidValue, NotFound
from tenants.roles import MemberRole
from tests.runs.factories import member, world
from tests.tenants.cast import House

PASSWORD = "a horse of another colour"


def invited(house: House, who: str = "bob", role: MemberRole = MemberRole.EDITOR, by: User | None = None) -> str:
    with tenant_scope(house.tenant.id):
        return invite(tenant=house.tenant, who=who, role=role, by=by or house.owner).token


def link_session(house: House, user: User) -> Client:
    """A browser that came in by a link of this house."""
    with tenant_scope(house.tenant.id):
        token = create_sign_in_link(tenant=house.tenant, user=user)
    client = Client()
    assert client.post(f"/sign-in/link/{token}/").status_code == 302
    return client


def slugs(client: Client) -> list[str]:
    """Of the graphs that the session shows."""
    return [graph["slug"] for graph in client.get("/api/v1/graphs").json()["graphs"]]


def roles_of(user: User) -> dict[str, str]:
    with system_scope():
        return dict(Membership.objects.filter(user=user).values_list("tenant__slug", "role"))


def test_a_name_made_in_one_tenant_is_nobody_of_another(alpha: House, beta: House) -> None:
    """T21: whoever invents a name in one tenant has no account that another tenant's members mean by that name."""
    first, second = (accept_as_new_person(token=invited(house), name="Bob", password=PASSWORD).user for house in (alpha, beta))
    assert (first.username, second.username) == ("bob@alpha", "bob@beta")
    assert roles_of(first) == {"alpha": "editor"} and roles_of(second) == {"beta": "editor"}


def test_being_invited_gives_nothing_to_an_account_of_that_name(alpha: House, beta: House) -> None:
    """T21: rights begin when the person accepts, not when somebody writes their name."""
    bob = accept_as_new_person(token=invited(alpha), name="bob", password=PASSWORD).user
    invited(beta, who=bob.username, role=MemberRole.ADMIN)
    client = beta.client(bob)
    assert slugs(client) == ["alpha-graph"] and client.post("/switch/beta/").status_code == 404
    assert roles_of(bob) == {"alpha": "editor"}


def test_a_sign_in_link_signs_in_to_its_own_tenant_only(alpha: House, beta: House) -> None:
    """T21: also when the person is, or later becomes, a member elsewhere: over pages, the API and sockets."""
    both = alpha.member("both", MemberRole.ADMIN)
    client = link_session(alpha, both)
    with tenant_scope(beta.tenant.id):
        Membership.objects.create(tenant=beta.tenant, user=both, role=MemberRole.ADMIN)
    assert slugs(client) == ["alpha-graph"]
    assert client.post("/switch/beta/").status_code == 404
    assert beta.tenant.name not in client.get("/").content.decode()
    who = visitor(Credentials(None, client.session.session_key))
    assert who is not None and visible_run(who, alpha.run.pk) and visible_run(who, beta.run.pk) is None
    with system_scope():
        Membership.objects.filter(user=both, tenant=alpha.tenant).delete()
    assert client.get("/api/v1/graphs").status_code == 403, "not another of their tenants instead"
    assert visitor(Credentials(None, client.session.session_key)) is None


def test_a_session_with_a_password_works_in_every_tenant_of_its_person(alpha: House, beta: House) -> None:
    """T21, control."""
    both = alpha.member("both", MemberRole.ADMIN)
    both.set_password(PASSWORD)
    both.save()
    accept(token=invited(beta), user=both)
    client = Client()
    client.post("/sign-in/", {"username": "both", "password": PASSWORD})
    assert client.post("/switch/beta/").status_code == 302 and slugs(client) == ["beta-graph"]


def test_a_session_by_link_may_accept_and_works_in_both_then(alpha: House, beta: House) -> None:
    client = link_session(alpha, alpha.member("both", MemberRole.VIEWER))
    assert client.post(f"/invitations/{invited(beta)}/").status_code == 302
    assert slugs(client) == ["beta-graph"]
    assert client.post("/switch/alpha/").status_code == 302 and slugs(client) == ["alpha-graph"]


def test_inviting_says_and_does_the_same_for_known_and_unknown_names(alpha: House, beta: House) -> None:
    """T21: no oracle of who exists elsewhere, in text or in work."""
    client = alpha.client()

    def answer(who: str) -> tuple[int, str, int]:
        with CaptureQueriesContext(connection) as asked:
            response = client.post("/settings/members/invite/", {"who": who, "role": "viewer"})
        text = re.sub(r'(value="|/invitations/)[^"]{40,}', "", response.content.decode()).replace(who, "WHO")
        return response.status_code, text, len(asked)

    client.get("/settings/members/")
    assert answer(beta.owner.username) == answer("nobody-at-all")
    # Only members are looked at, whom the inviter sees anyway.
    refused = client.post("/settings/members/invite/", {"who": alpha.owner.username, "role": "viewer"}, follow=True)
    assert "is a member already" in refused.content.decode()


def test_the_members_page_shows_open_invitations_and_takes_them_back(alpha: House) -> None:
    client = alpha.client()
    page = client.post("/settings/members/invite/", {"who": "Grace Hopper", "role": "editor"}).content.decode()
    [link] = re.findall(r'value="(http[^"]+/invitations/[^"]+)"', page)
    shown = client.get("/settings/members/").content.decode()
    assert "Grace Hopper" in shown and urlsplit(link).path not in shown
    viewer = alpha.member("viewer", MemberRole.VIEWER)
    assert "Grace Hopper" not in alpha.client(viewer).get("/settings/members/").content.decode()
    with tenant_scope(alpha.tenant.id):
        row = Invitation.objects.get(who="Grace Hopper")
    assert Client().get(urlsplit(link).path).status_code == 200
    client.post(f"/settings/invitations/{row.pk}/take-back/")
    assert "Grace Hopper" not in client.get("/settings/members/").content.decode()
    assert Client().get(urlsplit(link).path).status_code == 400


def test_who_accepts_sees_tenant_role_and_inviter_first(alpha: House, beta: House) -> None:
    path = f"/invitations/{invited(beta)}/"
    for client in (Client(), alpha.client()):
        page = client.get(path).content.decode()
        assert all(word in page for word in (beta.tenant.name, "Editor", beta.owner.name))
        assert client.get(path).status_code == 200, "looking accepts nothing"
    assert roles_of(alpha.owner) == {"alpha": "owner"}


def test_somebody_new_makes_an_account_and_is_signed_in(alpha: House) -> None:
    client, path = Client(), f"/invitations/{invited(alpha)}/"
    for name, password, word in (
        ("bob", "short", "too short"),
        ("bob", "password1234", "common"),
        ("b b", PASSWORD, "cannot be used"),
        ("bob@beta", PASSWORD, "cannot be used"),
        ("", PASSWORD, "cannot be used"),
    ):
        refused = client.post(path, {"name": name, "password": password})
        assert refused.status_code == 400 and word in refused.content.decode(), word
    assert client.post(path, {"name": "bob", "password": PASSWORD}).status_code == 302
    assert slugs(client) == ["alpha-graph"]
    assert Client().post("/sign-in/", {"username": "bob@alpha", "password": PASSWORD}).status_code == 302
    again = Client().post(f"/invitations/{invited(alpha, who='other')}/", {"name": "BOB", "password": PASSWORD})
    assert again.status_code == 409 and "is taken" in again.content.decode()


def test_an_invitation_works_once(alpha: House, beta: House) -> None:
    token = invited(alpha)
    accept(token=token, user=beta.owner)
    for attempt in (lambda: accept(token=token, user=beta.owner), lambda: accept_as_new_person(token=token, name="x", password=PASSWORD)):
        with pytest.raises(InvitationRefused):
            attempt()
    with tenant_scope(alpha.tenant.id), pytest.raises(NotFound):
        take_back(invitation_id=Invitation.objects.get(who="bob").pk, by=alpha.owner)
    assert roles_of(beta.owner) == {"alpha": "editor", "beta": "owner"}


def test_a_member_accepts_nothing_and_the_invitation_stays_for_its_person(alpha: House, beta: House) -> None:
    token = invited(alpha, role=MemberRole.ADMIN)
    viewer = alpha.member("viewer", MemberRole.VIEWER)
    with pytest.raises(Conflict):
        accept(token=token, user=viewer)
    assert roles_of(viewer) == {"alpha": "viewer"}
    accept(token=token, user=beta.owner)


def test_expired_invitations_open_nothing_and_make_room(alpha: House, beta: House) -> None:
    token = invited(alpha)
    with pytest.raises(Conflict, match="invited already"):
        invited(alpha)
    with tenant_scope(alpha.tenant.id):
        Invitation.objects.filter(who="bob").update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvitationRefused):
        accept(token=token, user=beta.owner)
    accept(token=invited(alpha), user=beta.owner)


def test_invitations_of_one_tenant_are_bounded(alpha: House) -> None:
    with pytest.raises(Conflict, match="are open"):
        for number in range(MOST_OPEN + 1):
            invited(alpha, who=f"person {number}")


@pytest.mark.parametrize("who", ["", "   ", "x" * 121, "a\x00b", "a\u202eb"])
def test_whom_one_invites_has_a_name_that_can_be_shown(alpha: House, who: str) -> None:
    with pytest.raises(InvalidValue):
        invited(alpha, who=who)


def test_nobody_invites_or_takes_back_above_their_own_role(alpha: House) -> None:
    admin, editor = alpha.member("admin", MemberRole.ADMIN), alpha.member("editor", MemberRole.EDITOR)
    for by, role in ((admin, MemberRole.OWNER), (editor, MemberRole.VIEWER)):
        with pytest.raises(Forbidden):
            invited(alpha, role=role, by=by)
    invited(alpha, role=MemberRole.OWNER)
    with tenant_scope(alpha.tenant.id), pytest.raises(Forbidden):
        take_back(invitation_id=Invitation.objects.get(who="bob").pk, by=admin)


@pytest.mark.parametrize("change", ["removed", "demoted", "deactivated"])
def test_an_invitation_ends_with_the_right_to_make_it(alpha: House, beta: House, change: str) -> None:
    """T10: and does not hold again when its maker later has a role again."""
    admin = alpha.member("admin", MemberRole.ADMIN)
    token = invited(alpha, role=MemberRole.ADMIN, by=admin)
    with tenant_scope(alpha.tenant.id):
        own = Membership.objects.get(user=admin)
        if change == "removed":
            remove_member(membership=own, by=alpha.owner)
        elif change == "demoted":
            change_role(membership=own, role=MemberRole.EDITOR, by=alpha.owner)
        else:
            User.objects.filter(pk=admin.pk).update(is_active=False)
    with pytest.raises(InvitationRefused):
        accept(token=token, user=beta.owner)
    if change != "deactivated":
        with tenant_scope(alpha.tenant.id):
            Membership.objects.update_or_create(user=admin, tenant=alpha.tenant, defaults={"role": MemberRole.OWNER})
        with pytest.raises(InvitationRefused):
            accept(token=token, user=beta.owner)


def test_who_is_removed_and_invited_again_begins_anew(alpha: House) -> None:
    """T10: neither an earlier link nor an earlier key opens anything."""
    bob = accept_as_new_person(token=invited(alpha), name="bob", password=PASSWORD).user
    with tenant_scope(alpha.tenant.id):
        earlier = create_sign_in_link(tenant=alpha.tenant, user=bob)
        remove_member(membership=Membership.objects.get(user=bob), by=alpha.owner)
        assert not SignInLink.objects.filter(user=bob).exists() and not ApiKey.objects.filter(user=bob).exists()
    accept(token=invited(alpha, role=MemberRole.VIEWER), user=bob)
    assert Client().post(f"/sign-in/link/{earlier}/").status_code == 400
    assert roles_of(bob) == {"alpha": "viewer"}


def test_tokens_are_kept_as_hashes_only(alpha: House) -> None:
    token = invited(alpha)
    with tenant_scope(alpha.tenant.id):
        assert token not in str(list(Invitation.objects.values()))


def test_scripts_invite_and_take_back(alpha: House, beta: House) -> None:
    client = Client(headers={"Authorization": f"Bearer {alpha.secret}"})
    made = client.post("/api/v1/invitations", {"who": "bob", "role": "operator"}, content_type="application/json")
    assert made.status_code == 201 and made.json()["by"] == alpha.owner.username
    path = urlsplit(made.json()["link"]).path
    listed = client.get("/api/v1/invitations").json()["invitations"]
    assert [row["who"] for row in listed][-1:] == ["bob"] and "link" not in listed[-1]
    assert client.post(path).status_code in (302, 400, 403), "a key is no person"
    assert roles_of(alpha.owner) == {"alpha": "owner"}
    for body in ({"who": "x", "role": "king"}, {"who": "x"}, {"who": 7, "role": "viewer"}, {"who": "x" * 121, "role": "viewer"}):
        assert client.post("/api/v1/invitations", body, content_type="application/json").status_code == 400
    assert client.delete(f"/api/v1/invitations/{made.json()['id']}").status_code == 204
    assert client.delete(f"/api/v1/invitations/{made.json()['id']}").status_code == 404
    assert Client().get(path).status_code == 400
    viewer = alpha.client(alpha.member("viewer", MemberRole.VIEWER))
    assert viewer.get("/api/v1/invitations").status_code == 403


def race(*attempts: Callable[[], Any]) -> list[str]:
    """What each came to, begun at the same moment, each on a connection of its own."""
    together, ends = threading.Barrier(len(attempts)), []

    def run(attempt: Callable[[], Any]) -> None:
        together.wait()
        try:
            attempt()
            ends.append("accepted")
        except ApiProblem as problem:
            ends.append(problem.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[attempt]) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ends)


def test_of_many_who_accept_at_once_exactly_one_becomes_a_member(database: Any) -> None:
    place = world()
    people = [member(world().tenant, MemberRole.OWNER) for _ in range(6)]
    with tenant_scope(place.tenant.id):
        token = invite(tenant=place.tenant, who="bob", role=MemberRole.VIEWER, by=place.user).token
    attempts = [lambda user=user: accept(token=token, user=user) for user in people]
    attempts += [lambda n=n: accept_as_new_person(token=token, name=f"new{n}", password=PASSWORD) for n in range(2)]
    assert race(*attempts) == ["accepted"] + ["invitation_refused"] * 7
    with tenant_scope(place.tenant.id):
        assert Membership.objects.exclude(user=place.user).count() == 1
        without = User.objects.filter(username__contains="@").exclude(pk__in=Membership.objects.values("user"))
        assert not without.exists(), "no account is left by those who lost"


def test_one_person_with_two_invitations_becomes_a_member_once(database: Any) -> None:
    place, person = world(), member(world().tenant, MemberRole.OWNER)
    with tenant_scope(place.tenant.id):
        tokens = [invite(tenant=place.tenant, who=who, role=MemberRole.VIEWER, by=place.user).token for who in ("a", "b")]
    assert race(*[lambda token=token: accept(token=token, user=person) for token in tokens]) == ["accepted", "conflict"]
    with tenant_scope(place.tenant.id):
        assert Membership.objects.filter(user=person).count() == 1
        assert Invitation.objects.filter(closed_at=None).count() == 1
