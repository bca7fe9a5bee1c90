"""T01: every route times every method, asked by a neighbour with the other tenant's ids."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tenants.isolation.scope import tenant_scope
from tenants.models import TenantOwned, Tool, User
from tests.tenants.cast import CANARY, House, agent_document, graph_document, provider_of

METHODS = ("get", "head", "post", "put", "patch", "delete")
PUBLIC = {
    *("api/v1/health", "api/v1/health/live", "api/v1/health/ready", "api/v1/schema"),
    *("problems/", "problems/<slug:code>", "sign-in/", "sign-in/link/<str:token>/", "invitations/<str:token>/"),
}

BODIES: dict[str, Any] = {
    "/draft": {"document": graph_document("stolen"), "revision": 1},
    "/restore": {"revision": 1},
    "/access": {"restricted": True},
    "/versions": {"note": "stolen"},
    "/commands": {"type": "cancel"},
    "/terms": {"timeout_s": 1.0, "retries": 0, "per_minute": 1},
    "/runs": {"input": {"text": "stolen"}},
    "-agent": {"agent": agent_document("stolen"), "revision": 1},
    "prov": {"value": "sk-stolen-0123456789-0123456789"},
}
"""What would do harm if it were let through, by the end of the address."""

BODIES_INSIDE: dict[str, Any] = {
    "api/v1/members/": {"role": "viewer"},
    "/access/": {"actions": ["edit"]},
    "api/v1/tools/": {"enabled": False},
    "api/v1/memories/": {"text": "stolen"},
}
"""The same, by a part of the address."""

NAMED_ALIKE = ("providers/", "api/v1/tools/", "api/v1/files/")
"""What these call by name, every tenant may have."""

Patterns = tuple[dict[str, Any], dict[str, Any]]


@dataclass(frozen=True)
class Route:
    pattern: str
    parameters: tuple[str, ...]

    def url(self, values: dict[str, Any]) -> str:
        plain = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), self.pattern)
        plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda found: str(values[found[1]]), plain)
        query = "?path=rows" if plain.endswith("table.csv") else ""
        return "/" + re.sub(r"[\^$?]|\\Z", "", plain) + query


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[Route]:
    for entry in (resolver or get_resolver()).url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, pattern)
        else:
            assert isinstance(entry, URLPattern)
            yield Route(pattern, tuple(re.findall(r"<(?:\w+:)?(\w+)>", pattern)))


def known_parameters(house: House) -> Patterns:
    """Each route parameter with a value of `house`, and with one that nobody has. Add new parameters here."""
    tool_type = ContentType.objects.get_for_model(Tool).pk
    theirs = {
        "slug": house.graph.slug,
        "agent_slug": house.agent.slug,
        "tenant_slug": house.tenant.slug,
        "number": 1,
        "key_id": house.key.pk,
        "membership_id": house.membership.pk,
        "tool_id": house.tool.pk,
        "identity_id": house.identity.pk,
        "name": provider_of(house.tenant.slug),
        "file": "notes.txt",
        "tool": house.tool.name,
        "invitation_id": house.invitation.pk,
        "token": "not-a-token",
        "object_id": house.tool.pk,
        "run_id": house.run.pk,
        "sha256": house.blob,
        "content_type_id": tool_type,
        "app_label": "tenants",
        "url": "nowhere/",
        "code": "not_found",
        "memory_id": house.memory,
        "space": f"{house.tenant.slug}-memory",
    }
    missing = {name: uuid4() if name.endswith("_id") and name != "content_type_id" else value for name, value in theirs.items()}
    return theirs, missing | {
        "slug": "nobody-has-this",
        "agent_slug": "nobody-has-this",
        "tenant_slug": "nobody-has-this",
        "number": 999,
        "name": "nobodyhasthis",
        "file": "nobody.has",
        "tool": "nobody_has_this",
        "memory_id": 10**9,
        "space": "nobody-has-this",
    }


def of_pattern(values: dict[str, Any], pattern: str) -> dict[str, Any]:
    """Agents and tenants go by slugs of their own."""
    slugs = {"agents/<": "agent_slug", "switch/<": "tenant_slug"}
    return values | next(({"slug": values[name]} for part, name in slugs.items() if part in pattern), {})


def ask(client: Client, method: str, url: str) -> HttpResponseBase:
    if url.startswith("/api/"):
        if method in ("get", "head"):
            return getattr(client, method)(url)
        inside = next((body for part, body in BODIES_INSIDE.items() if part in url), {})
        body = next((body for end, body in BODIES.items() if url.endswith(end)), inside)
        return getattr(client, method)(url, data=body, content_type="application/json")
    return getattr(client, method)(url)


@dataclass
class Visitor:
    """The owner of a house, in a new browser for each request, who signs in anew only when a request has ended the session."""

    house: House
    session: str = ""

    def ask(self, method: str, url: str) -> HttpResponseBase:
        name = settings.SESSION_COOKIE_NAME
        if not Session.objects.filter(session_key=self.session).exists():
            self.session = self.house.client(User.objects.get(pk=self.house.owner.pk)).cookies[name].value
        browser = Client()
        browser.cookies[name] = self.session
        return ask(browser, method, url)


def seen(response: HttpResponseBase) -> str:
    """Everything a person could read in a response."""
    return str(response.headers) + getattr(response, "content", b"").decode()


def essence(response: HttpResponseBase, values: dict[str, Any]) -> str:
    """The body without what differs by nature: the ids asked for and one-time tokens."""
    text = getattr(response, "content", b"").decode()
    for value in sorted({str(value) for value in values.values()}, key=len, reverse=True):
        text = text.replace(value, "·") if len(value) > 3 else text
    return re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", text)


ALL_ROUTES = sorted({(route.pattern, route.parameters) for route in routes()})


def test_t01_every_route_parameter_is_known(alpha: House) -> None:
    known = set(known_parameters(alpha)[0])
    unknown = {pattern: set(parameters) - known for pattern, parameters in ALL_ROUTES if set(parameters) - known}
    assert not unknown, f"Say in known_parameters what the other tenant has for these: {unknown}"


@pytest.mark.parametrize("superuser", [False, True])
def test_t01_the_neighbour_sees_nothing_on_any_route(alpha: House, beta: House, superuser: bool) -> None:
    if superuser:
        User.objects.filter(pk=beta.owner.pk).update(is_superuser=True, is_staff=True)
    theirs, missing = known_parameters(alpha)
    neighbour = Visitor(beta)
    asked = 0
    for pattern, parameters in ALL_ROUTES:
        route = Route(pattern, parameters)
        for method in METHODS:
            foreign = neighbour.ask(method, route.url(of_pattern(theirs, pattern)))
            where = f"{method} {pattern}"
            assert foreign.status_code < 500, where
            assert CANARY not in seen(foreign), where
            if parameters and pattern not in PUBLIC and not any(name in pattern for name in NAMED_ALIKE):
                nothing = neighbour.ask(method, route.url(of_pattern(missing, pattern)))
                if pattern != "policy/versions/<int:number>/":
                    assert foreign.status_code == nothing.status_code, where
                    assert essence(foreign, theirs) == essence(nothing, missing), where
                    assert foreign.status_code in (302, 403, 404, 405) or "app_label" in parameters, where
            asked += 1
    assert asked > 150


def test_t01_control_the_owner_sees_their_own(alpha: House) -> None:
    theirs, _ = known_parameters(alpha)
    answered = {}
    for pattern, parameters in ALL_ROUTES:
        if parameters and "admin" not in pattern and "token" not in parameters:
            response = ask(alpha.client(), "get", Route(pattern, parameters).url(of_pattern(theirs, pattern)))
            if response.status_code != 405:
                answered[pattern] = response
    assert answered
    assert {pattern for pattern, response in answered.items() if response.status_code != 200} == set()
    assert sum(CANARY in seen(response) for response in answered.values()) >= 5


def test_t01_the_neighbours_attempts_changed_nothing(alpha: House, beta: House) -> None:
    before = rows_of(alpha)
    theirs, _ = known_parameters(alpha)
    neighbour = Visitor(beta)
    for pattern, parameters in ALL_ROUTES:
        for method in ("post", "put", "patch", "delete"):
            neighbour.ask(method, Route(pattern, parameters).url(of_pattern(theirs, pattern)))
    assert rows_of(alpha) == before


def rows_of(house: House) -> dict[str, list[str]]:
    """Every row of the tenant, to compare."""
    with tenant_scope(house.tenant.id):
        models = [model for model in apps.get_models() if issubclass(model, TenantOwned)]
        return {model.__name__: [str(row) for row in model.objects.order_by("pk").values()] for model in models}


def test_t01_without_signing_in_nothing_is_shown(alpha: House) -> None:
    theirs, _ = known_parameters(alpha)
    for pattern, parameters in ALL_ROUTES:
        for method in METHODS:
            response = ask(Client(), method, Route(pattern, parameters).url(of_pattern(theirs, pattern)))
            assert response.status_code in (302, 400, 401, 403, 404, 405) or pattern in PUBLIC, (
                f"{method} {pattern}: {response.status_code}"
            )
            assert CANARY not in seen(response), pattern
