"""Coming in: passwords, links, sessions, and what guards them."""

import re
import threading
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import Membership, SignInLink, SignInThrottle, User
from tenants.people.actions import create_service_users, seed_tenants
from tenants.people.sign_in import FAILURES_PER_ACCOUNT, FAILURES_PER_ACCOUNT_AND_ADDRESS, WINDOW, create_sign_in_link
from tenants.roles import MemberRole
from tests.tenants.cast import House
from tests.tenants.isolation.test_walk import ALL_ROUTES, PUBLIC, Route, known_parameters, of_pattern


@pytest.fixture
def person(alpha: House) -> User:
    alpha.owner.set_password("right horse")
    alpha.owner.save()
    return alpha.owner


def sign_in(client: Client, username: str, password: str, **extra: str) -> int:
    return client.post("/sign-in/", {"username": username, "password": password, **extra}).status_code


def test_the_right_password_signs_in(person: User) -> None:
    client = Client()
    assert sign_in(client, person.username, "right horse") == 302
    assert client.get("/").status_code == 200


def test_w06_a_wrong_password_and_an_unknown_name_get_the_same_answer(person: User) -> None:
    def answer(name: str) -> tuple[int, str]:
        response = Client().post("/sign-in/", {"username": name, "password": "wrong"})
        return response.status_code, re.sub(r'value="[^"]{60,}"', "", response.content.decode())

    assert answer(person.username) == answer("nobody-at-all")


def test_w06_guessing_is_throttled_by_account_and_address(person: User) -> None:
    client = Client()
    for _ in range(FAILURES_PER_ACCOUNT_AND_ADDRESS):
        assert sign_in(client, person.username, "wrong") == 400
    assert sign_in(client, person.username, "right horse") == 429
    assert sign_in(client, person.username.upper(), "right horse") == 429
    assert sign_in(Client(REMOTE_ADDR="10.1.1.1"), person.username, "right horse") == 302
    SignInThrottle.objects.update(window_started_at=timezone.now() - WINDOW - timedelta(seconds=1))
    assert sign_in(client, person.username, "right horse") == 302


def test_w06_unknown_names_are_throttled_alike(db: None) -> None:
    statuses = [sign_in(Client(), "nobody", "x") for _ in range(FAILURES_PER_ACCOUNT_AND_ADDRESS + 1)]
    assert statuses == [400] * FAILURES_PER_ACCOUNT_AND_ADDRESS + [429]


def from_afar(number: int) -> Client:
    return Client(REMOTE_ADDR=f"10.{number // 250}.{number % 250}.1")


def test_one_account_is_guessed_from_many_addresses_only_so_often(person: User) -> None:
    """W10: and whoever has signed in with a browser before still can, with it; by a link anybody can."""
    mine = Client()
    assert sign_in(mine, person.username, "right horse") == 302
    mine.post("/sign-out/")
    for name in (person.username, "nobody-at-all"):
        answers = [sign_in(from_afar(number), name, "wrong") for number in range(FAILURES_PER_ACCOUNT + 3)]
        assert answers == [400] * FAILURES_PER_ACCOUNT + [429] * 3
    assert sign_in(from_afar(999), person.username, "right horse") == 429
    assert sign_in(mine, person.username, "wrong") == 400
    assert sign_in(mine, person.username, "right horse") == 302
    with system_scope():
        tenant = Membership.objects.get(user=person).tenant
    with tenant_scope(tenant.pk):
        link = create_sign_in_link(tenant=tenant, user=person)
    assert Client().post(f"/sign-in/link/{link}/").status_code == 302
    SignInThrottle.objects.update(window_started_at=timezone.now() - WINDOW - timedelta(seconds=1))
    assert sign_in(from_afar(999), person.username, "right horse") == 302, "nobody is locked out for ever"


def test_a_known_browser_is_throttled_too_and_knows_one_account(person: User) -> None:
    """W10"""
    User.objects.create_user(username="other", password="other horse")
    mine = Client()
    sign_in(mine, person.username, "right horse")
    mark = mine.cookies["known_browser"].value

    def again(number: int, name: str, cookie: str = mark) -> int:
        client = from_afar(number)
        client.cookies["known_browser"] = cookie
        return sign_in(client, name, "wrong")

    assert [again(n, "other") for n in range(FAILURES_PER_ACCOUNT + 1)] == [400] * FAILURES_PER_ACCOUNT + [429]
    assert [again(n, person.username) for n in range(7)] == [400] * FAILURES_PER_ACCOUNT_AND_ADDRESS + [429] * 2
    assert {again(n, "other", forged) for n, forged in enumerate(("", "x", mark[:-1], mark.upper()))} == {429}
    assert mine.cookies["known_browser"]["httponly"] and mine.cookies["known_browser"]["path"] == "/sign-in/"


def test_guesses_at_the_same_moment_are_counted_all(database: Any) -> None:
    """W10: an attempt counts before its password is looked at."""
    statuses: list[int] = []

    def attempt() -> None:
        statuses.append(sign_in(Client(), "nobody", "x"))
        connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [400] * FAILURES_PER_ACCOUNT_AND_ADDRESS + [429] * (16 - FAILURES_PER_ACCOUNT_AND_ADDRESS)


def test_known_and_unknown_names_take_about_as_long(db: None, settings: Settings) -> None:
    """W10: also names of accounts without a password, of services, and of the deactivated."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    User.objects.create_user(username="known", password="right horse")
    User.objects.create_user(username="off", password="right horse", is_active=False)
    User.objects.create_user(username="without")
    service = create_service_users(["a service"])[0].username
    took: dict[str, list[float]] = {name: [] for name in ("known", "off", "without", service, "nobody")}
    for _ in range(4):
        for name in took:
            began = time.process_time()
            assert sign_in(Client(REMOTE_ADDR="10.9.9.9"), name, "wrong") == 400
            took[name].append(time.process_time() - began)
    best = {name: min(times) for name, times in took.items()}
    assert max(best.values()) < 1.6 * min(best.values()), best


def test_w04_signing_in_changes_the_session_key(person: User) -> None:
    client = Client()
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted
    assert sign_in(client, person.username, "right horse") == 302
    assert client.session.session_key != planted
    assert "planted" not in client.session


def test_w04_signing_out_ends_the_session_on_the_server(person: User) -> None:
    client = Client()
    sign_in(client, person.username, "right horse")
    stolen = client.cookies["sessionid"].value
    assert client.get("/sign-out/").status_code == 405
    client.post("/sign-out/")
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert thief.get("/").status_code == 302


def test_w04_every_unsafe_route_wants_a_csrf_token(alpha: House) -> None:
    values, _ = known_parameters(alpha)
    for pattern, parameters in ALL_ROUTES:
        for method in ("post", "put", "patch", "delete"):
            client = alpha.client(enforce_csrf_checks=True)
            response = getattr(client, method)(Route(pattern, parameters).url(of_pattern(values, pattern)), content_type="application/json")
            assert response.status_code in (403, 405, 302) if "admin/" in pattern else response.status_code in (403, 405), (
                f"{method} {pattern}"
            )


def test_w04_signing_in_wants_a_csrf_token_too(person: User) -> None:
    assert sign_in(Client(enforce_csrf_checks=True), person.username, "right horse") == 403


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"])
def test_w05_signing_in_never_leads_to_another_site(person: User, target: str) -> None:
    response = Client().post("/sign-in/", {"username": person.username, "password": "right horse", "next": target})
    assert response.headers["Location"] == "/"


def test_w05_pages_may_neither_be_framed_nor_load_anything_foreign(alpha: House) -> None:
    headers = alpha.client().get("/settings/members/").headers
    rules = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'self'" and rules["frame-ancestors"] == "'none'" and rules["img-src"] == "'self' data:"
    assert rules["connect-src"] == "'self' ws://testserver wss://testserver"
    assert "script-src" not in rules and "unsafe" not in rules["style-src"]
    assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"


def test_w05_a_foreign_host_header_is_refused(alpha: House) -> None:
    assert Client(HTTP_HOST="evil.example").get("/sign-in/").status_code == 400


def test_a_link_signs_in_once_and_only_by_its_button(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        path = f"/sign-in/link/{create_sign_in_link(tenant=alpha.tenant, user=alpha.owner)}/"
    for _ in range(3):
        assert Client().get(path).status_code == 200, "a prefetcher does not use it up"
    client = Client()
    assert client.post(path).status_code == 302
    assert client.get("/").status_code == 200
    assert Client().post(path).status_code == Client().get(path).status_code == 400


def test_a_link_ends_after_an_hour(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        path = f"/sign-in/link/{create_sign_in_link(tenant=alpha.tenant, user=alpha.owner)}/"
        SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(path).status_code == 400


def test_a_link_is_kept_as_its_hash_only(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        token = create_sign_in_link(tenant=alpha.tenant, user=alpha.owner)
        assert token not in str(list(SignInLink.objects.values()))


def test_the_commands_print_a_link_and_a_key_and_nothing_else(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    seed_tenants(password="")
    seed_tenants(password="")
    call_command("sign_in_link", user="demo", tenant="demo", base="http://127.0.0.1:9999/")
    link = capsys.readouterr().out.strip()
    assert link.startswith("http://127.0.0.1:9999/sign-in/link/")
    assert Client().post(urlsplit(link).path).status_code == 302
    call_command("api_key", user="demo", tenant="demo")
    key = capsys.readouterr().out
    assert re.fullmatch(r"baton_[0-9a-f]{8}_[\w-]{43}\n", key)
    assert Client().get("/api/v1/graphs", headers={"Authorization": f"Bearer {key.strip()}"}).status_code == 200


def test_seeded_people_have_no_password_unless_one_is_given(db: None) -> None:
    seed_tenants(password="")
    assert not User.objects.get(username="demo").has_usable_password()
    seed_tenants(password="given")
    assert sign_in(Client(), "demo", "given") == 302


def test_switching_leads_to_another_tenant_of_ones_own_only(alpha: House, beta: House) -> None:
    both = alpha.member("both", MemberRole.VIEWER)
    with tenant_scope(beta.tenant.id):
        Membership.objects.create(tenant=beta.tenant, user=both)
    client = alpha.client(both)
    assert [graph["slug"] for graph in client.get("/api/v1/graphs").json()["graphs"]] == ["alpha-graph"]
    assert client.post("/switch/beta/").status_code == 302
    assert [graph["slug"] for graph in client.get("/api/v1/graphs").json()["graphs"]] == ["beta-graph"]
    with system_scope():
        Membership.objects.filter(user=both, tenant=beta.tenant).delete()
    assert [graph["slug"] for graph in client.get("/api/v1/graphs").json()["graphs"]] == ["alpha-graph"]
    assert client.post("/switch/beta/").status_code == 404


def test_public_routes_are_only_those_of_signing_in() -> None:
    assert {pattern for pattern, _ in ALL_ROUTES} >= PUBLIC
