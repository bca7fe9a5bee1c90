"""Every page for everybody: by axe in both themes, and on a phone."""

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Arrive
from tests.journeys.visitor import Visitor, eventually, run_status

pytestmark = pytest.mark.journey

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PLACES = (
    "/",
    "/runs/",
    "/approvals/",
    "/agents/",
    "/costs/",
    "/policy/",
    "/settings/keys/",
    "/settings/members/",
    "/settings/tools/",
    "/settings/plugins/",
    "/graphs/triage/access/",
    "/graphs/triage/delete/",
)


def violations(page: Page) -> list[str]:
    """What axe calls serious or critical, with the first place of each."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    bad = [one for one in found["violations"] if one["impact"] in {"serious", "critical"}]
    return [f"{page.url}: {one['id']} {one['help']}: {one['nodes'][0]['html'][:160]}" for one in bad]


def overflow(page: Page) -> int:
    """By how many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.fixture
def waiting_run(demo: Visitor) -> str:
    """A run with questions to people in it."""
    run = demo.start_run("triage", {"tickets": demo.example("triage")["tickets"][:32]})
    demo.wait_for_status(run, "waiting")
    return run


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_shuts_anybody_out(arrive: Arrive, waiting_run: str, dark: bool) -> None:
    person = arrive("demo", dark=dark)
    page, found = person.page, []
    for place in PLACES:
        answer = page.goto(place)
        assert answer is not None and answer.ok, place
        found += violations(page)
    person.open_graph("triage")
    page.locator(".node").first.wait_for()
    found += violations(page)
    page.locator('.react-flow__node[data-id="route"] .node-head').click()
    found += violations(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    found += violations(page)
    person.open_run(waiting_run)
    found += violations(page)
    stranger = arrive(None, dark=dark)
    stranger.page.goto("/sign-in/")
    found += violations(stranger.page)
    person.answer_all(waiting_run)
    person.wait_for_status(waiting_run, "succeeded")
    assert found == []


def test_a_phone_is_enough_to_answer(demo: Visitor, arrive: Arrive, waiting_run: str) -> None:
    rider = arrive("demo", phone=True)
    page = rider.page
    page.goto("/approvals/")
    assert overflow(page) <= 0
    before = len(rider.ask("approvals")["approvals"])
    assert before >= 2
    page.get_by_role("button", name="Send as it is").first.click()
    expect(page.get_by_text("Your answer was taken")).to_be_visible()
    eventually(lambda: any(event.get("by") == "demo" for event in rider.events(waiting_run)), "the run has the answer", page)

    page.goto(f"/runs/{waiting_run}/")
    expect(run_status(page)).to_contain_text("Waiting")
    assert overflow(page) <= 0
    page.get_by_role("button", name="Send as it is").click()
    expect(page.get_by_text("Sent.")).to_be_visible()
    eventually(lambda: len(rider.ask("approvals")["approvals"]) == before - 2, "both answers were taken", page)
    for place in PLACES:
        page.goto(place)
        assert overflow(page) <= 0, place
    demo.answer_all(waiting_run)
    demo.wait_for_status(waiting_run, "succeeded")
