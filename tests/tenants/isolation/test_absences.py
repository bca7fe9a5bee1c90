"""What tenants cannot share, and nobody can misuse, because it is not there. Whoever adds it, changes these tests."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from orchestrator.capabilities.language_models.litellm_model import litellm
from tests.tenants.cast import House
from tests.tenants.isolation.test_walk import ALL_ROUTES, Route, known_parameters, of_pattern

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("orchestrator", "tenants", "editor", "runs")


def code() -> str:
    return "\n".join(path.read_text() for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def test_no_answer_of_a_model_is_kept_for_another_call() -> None:
    """T13: the model library's cache is off; it would share answers across tenants."""
    assert litellm().cache is None


def test_no_cache_is_written() -> None:
    """T14: neither of prompts and tool results, nor by Django's cache. Copies of vectors have tests of that name."""
    assert not re.search(r"from django\.core\.cache|cache_page|cached_template", code())


def test_no_answer_is_revalidated_by_a_tag(alpha: House, beta: House) -> None:
    """T14: nobody gets 304 for a tag of another tenant, and nothing is kept on the way."""
    values, _ = known_parameters(alpha)
    for pattern, parameters in ALL_ROUTES:
        url = Route(pattern, parameters).url(of_pattern(values, pattern))
        own = alpha.client().get(url)
        tag = own.headers.get("ETag", '"x"')
        foreign = beta.client().get(url, headers={"If-None-Match": tag, "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})
        assert foreign.status_code != 304, pattern
        assert not own.headers.get("Cache-Control", "private").startswith("public"), pattern


def test_nobody_acts_as_somebody_else() -> None:
    """T20: there is no impersonation and no view for support."""
    assert [pattern for pattern, _ in ALL_ROUTES if re.search(r"impersonat|hijack|login.as|become|support", pattern)] == []
    assert not re.search(r"impersonat|login_as|su_user", code())


SHOWN_TO_ALL = [
    *("/api/v1/health", "/api/v1/health/live", "/api/v1/health/ready", "/api/v1/schema", "/metrics", "/debug", "/__debug__/"),
    *("/.env", "/health", "/nowhere/", "/api/v1/nowhere", "/sign-in/", "/sign-in/link/x/", "/invitations/x/", "/static/manifest.json"),
]


@pytest.mark.parametrize("path", SHOWN_TO_ALL)
def test_what_anybody_may_open_shows_no_setting_and_no_environment(db: None, path: str) -> None:
    """S07"""
    assert not settings.DEBUG
    answer = Client().get(path)
    shown = answer.getvalue().decode() + str(answer.headers)
    answer.close()
    secrets = [settings.SECRET_KEY, str(settings.DATABASES["default"]["NAME"]), str(ROOT), str(settings.MASTER_KEY_PLACE["file"])]
    for secret in (*secrets, "Traceback", "DJANGO_SETTINGS", "DATABASE_URL", "INSTALLED_APPS", "sqlite3", "site-packages"):
        assert secret not in shown, (path, secret)


def test_the_built_pages_come_without_source_maps() -> None:
    """S07"""
    built = ROOT / "static" / "dist"
    assert list(built.rglob("*.map")) == []
    assert [path.name for path in built.rglob("*.js") if "sourceMappingURL=" in path.read_text(errors="ignore")[-300:]] == []


ABSENT = {
    "P03": r"hand_?off|transfer_to_agent",
    "P08": r"\bmcp\b|modelcontextprotocol",
    "W07": r"webhook",
}
"""Hand-offs, servers of tools and webhooks that come in: whoever adds one writes the test of that name."""


@pytest.mark.parametrize("named", ABSENT)
def test_what_is_not_there_cannot_be_misused(named: str) -> None:
    """P03, P08, W07"""
    found = re.findall(ABSENT[named], code(), re.IGNORECASE)
    assert not found, (named, found[:3])
    assert [pattern for pattern, _ in ALL_ROUTES if re.search(ABSENT[named], pattern)] == []


LOADS = re.compile(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(|<img|<iframe|srcdoc")


def test_pages_show_what_agents_said_as_text() -> None:
    """P06: no answer becomes a picture, a frame or a program, and the browser would load none from elsewhere.

    One place shows pictures: files of a run, at an address of our own made of the run and a digest.
    """
    sources = [path for path in (ROOT / "static" / "src").rglob("*.ts*") if ".test." not in path.name] + [
        *(ROOT / "templates").rglob("*.html")
    ]
    assert len(sources) > 50
    assert [(path.name, found) for path in sources if (found := LOADS.findall(path.read_text()))] == [("FileCard.tsx", ["<img"])]
    addresses = (ROOT / "static" / "src" / "api" / "endpoints.ts").read_text()
    assert "client.url(`runs/${run}/files/${encodeURIComponent(digest)}?name=" in addresses and "http" not in addresses
    rules = Client().get("/sign-in/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in rules and "img-src 'self' data:" in rules
