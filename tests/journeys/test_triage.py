"""The main job: sixty-four tickets, from the first click to the table."""

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Arrive
from tests.journeys.product import Product
from tests.journeys.visitor import eventually, run_status

pytestmark = pytest.mark.journey


def test_newcomer_runs_the_triage_answers_people_and_gets_the_table(product: Product, arrive: Arrive) -> None:
    newcomer = arrive(None)
    page = newcomer.page
    page.goto(product.sign_in_link())
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Customer support triage", exact=True).click()
    expect(page.locator(".save-mark")).to_have_text("Saved")

    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Run", exact=True).click()
    expect(page.locator('.node-container .node-status, .node[data-status="running"]').first).to_be_visible()
    page.get_by_role("link", name="Open the run page").click()
    run = re.findall(r"/runs/([0-9a-f-]+)/", page.url)[0]

    expect(page.get_by_role("tree", name="Spans").get_by_role("treeitem").first).to_be_visible()
    first = spans_in(page)
    eventually(lambda: spans_in(page) > first, "the waterfall fills", page)
    expect(run_status(page)).to_contain_text("Waiting", timeout=120_000)
    waiting = len(newcomer.questions(run))
    assert waiting >= 3

    page.get_by_role("button", name=f"{waiting} questions").click()
    answer(page, "Send as it is")
    page.get_by_role("textbox", name="Reply").fill("Dear customer,\n\nwe are sorry.")
    answer(page, "Send my version")
    answer(page, "Do not send")
    eventually(lambda: len(newcomer.questions(run)) == waiting - 3, "three are answered", page)

    newcomer.answer_all(run)
    expect(run_status(page)).to_contain_text("Succeeded", timeout=120_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8"))))
    assert len(rows) == 64
    decided = [row["decided_by"] for row in rows]
    assert {"agents", "person: approve", "person: edit", "person: reject"} <= set(decided)
    assert [row["reply"] for row in rows if row["decided_by"] == "person: edit"] == ["Dear customer,\n\nwe are sorry."]
    assert len(newcomer.events(run)) == len({event["seq"] for event in newcomer.events(run)})


def spans_in(page: Page) -> int:
    """How many spans the waterfall says it has."""
    return int(re.findall(r"(\d+) spans", page.locator(".waterfall-count").inner_text())[0])


def answer(page: Page, action: str) -> None:
    """Answers the question that is shown, and goes on to the next."""
    title = page.locator(".detail-names h2").inner_text()
    page.get_by_role("button", name=action, exact=True).click()
    expect(page.locator(".run-detail")).to_contain_text("Answered by demo")
    page.get_by_role("button", name=re.compile("^Next of")).click()
    expect(page.locator(".detail-names h2")).not_to_have_text(title)
