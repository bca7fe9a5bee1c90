"""Long lists are read page by page: every row once, whatever comes in between."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from runs.models import Approval, Run
from tenants.isolation.scope import system_scope
from tenants.roles import MemberRole
from tests.runs.factories import World, world
from tests.runs.web.test_api import Browser

pytestmark = pytest.mark.usefixtures("database", "broker")
COUNT = 120


@pytest.fixture
def place(database: Any) -> World:
    """Many runs with a question each; always two of the same moment."""
    place = world()
    now = timezone.now()
    with system_scope():
        made = Run.objects.bulk_create(
            Run(
                tenant=place.tenant,
                graph=place.graph,
                graph_version=place.version,
                created_by=place.user,
                trigger="api",
                status="waiting",
                created_at=now - timedelta(seconds=n // 2),
            )
            for n in range(COUNT)
        )
        Approval.objects.bulk_create(
            Approval(
                tenant=place.tenant,
                run=run,
                path="ask#1/human.1",
                request={"mode": "question", "title": "?", "actions": []},
                created_at=run.created_at,
            )
            for run in made
        )
    return place


def pages(browser: Browser, path: str, name: str) -> list[list[dict[str, Any]]]:
    found, after = [], ""
    while after is not None:
        answer = browser.get(f"{path}?cursor={after}")
        found.append(answer[name])
        after = answer["next"]
    return found


@pytest.mark.parametrize("role", [MemberRole.OWNER, MemberRole.OPERATOR])
def test_every_run_and_every_question_is_shown_once(place: World, role: MemberRole) -> None:
    browser = Browser(place, role)
    runs = pages(browser, "runs", "runs")
    assert [len(page) for page in runs] == [50, 50, 20]
    assert len({row["id"] for page in runs for row in page}) == COUNT
    questions = [row for page in pages(browser, "approvals", "approvals") for row in page]
    assert len({row["run"] for row in questions}) == COUNT
    assert [row["created_at"] for row in questions] == sorted(row["created_at"] for row in questions)


def test_the_page_of_the_inbox_counts_all_and_leads_on(place: World) -> None:
    text = Browser(place).client.get("/approvals/").content.decode()
    assert f"{COUNT} open questions" in text and 'rel="next"' in text


@pytest.mark.parametrize("path", ["runs", "approvals"])
def test_what_is_no_cursor_is_refused(place: World, path: str) -> None:
    assert Browser(place).get(f"{path}?cursor=abc", 400)["code"] == "invalid_value"
