"""Runs that are watched while pages are reloaded and processes die."""

import re
import time
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.product import Product
from tests.journeys.visitor import Visitor, eventually, run_status, shown_events, with_model
from tests.runs.services import wait_until

pytestmark = pytest.mark.journey
TICKETS = 24
TAKEN_UP_S = 15.0


@pytest.fixture
def slow_run(demo: Visitor) -> str:
    """A triage of some tickets by a model that takes its time."""
    slug = demo.copy_of("triage", "Slow triage", with_model("demo/slow"))
    return demo.start_run(slug, {"tickets": demo.example("triage")["tickets"][:TICKETS]}, draft=True)


def finished_effects(events: list[dict[str, Any]]) -> Counter[str]:
    return Counter(event["path"] for event in events if event["type"] == "effect_finished")


def has_all_of(page: Page, visitor: Visitor, run: str) -> None:
    """The page knows the whole log: every event once, none missing."""
    last = visitor.ask(f"runs/{run}")["last_seq"]
    eventually(lambda: shown_events(page) == (last, last), f"the page has all {last} events, it has {shown_events(page)}", page)


def finish(demo: Visitor, run: str) -> None:
    """Lets the agents come to an end, then answers whatever waits."""
    demo.wait_for_status(run, "waiting", "succeeded")
    demo.answer_all(run)
    demo.wait_for_status(run, "succeeded")


def test_a_page_reloaded_in_the_middle_of_a_run_shows_all_of_it(demo: Visitor, slow_run: str) -> None:
    page = demo.open_run(slow_run)
    eventually(lambda: shown_events(page)[0] > 60, "the run is under way", page)
    before = shown_events(page)[0]
    page.reload()
    eventually(lambda: shown_events(page)[0] >= before, "the page has caught up", page)
    assert demo.status_of(slow_run) == "running"
    finish(demo, slow_run)
    expect(run_status(page)).to_contain_text("Succeeded")
    has_all_of(page, demo, slow_run)


def test_a_run_survives_its_worker_without_doing_anything_twice(product: Product, demo: Visitor, slow_run: str) -> None:
    page = demo.open_run(slow_run)
    eventually(lambda: sum(finished_effects(demo.events(slow_run)).values()) >= 20, "some effects are finished", page)
    died_us = time.time() * 1_000_000
    product.kill("celery")
    assert demo.status_of(slow_run) == "running"

    wait_until(lambda: takeover(demo.events(slow_run)) is not None, TAKEN_UP_S, "another worker has taken the run up")
    finish(demo, slow_run)

    events = demo.events(slow_run)
    taken = takeover(events)
    assert taken is not None and taken["at_us"] - died_us < TAKEN_UP_S * 1_000_000
    assert max(finished_effects(events).values()) == 1
    done_before = {event["path"] for event in events if event["type"] == "effect_finished" and event["seq"] < taken["seq"]}
    started_after = {event["path"] for event in events if event["type"] == "effect_started" and event["seq"] > taken["seq"]}
    assert len(done_before) >= 20 and not done_before & started_after

    expect(run_status(page)).to_contain_text("Succeeded")
    has_all_of(page, demo, slow_run)
    page.get_by_role("treeitem").first.click()
    expect(page.locator(".run-detail")).to_contain_text("after 1 takeover")


def takeover(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((event for event in events if event["type"] == "run_claimed" and event["cause"] == "takeover"), None)


def test_a_page_catches_up_by_itself_when_the_web_server_was_gone(product: Product, demo: Visitor, slow_run: str) -> None:
    demo.watch.provoke(r"WebSocket|ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET")
    page = demo.open_run(slow_run)
    eventually(lambda: shown_events(page)[0] > 60, "the run is under way", page)
    product.kill("web_server")
    expect(page.get_by_text("Reconnecting…")).to_be_visible()
    expect(page.get_by_text("Reconnecting…")).to_be_hidden(timeout=60_000)
    finish(demo, slow_run)
    expect(run_status(page)).to_contain_text("Succeeded")
    has_all_of(page, demo, slow_run)


def test_a_failed_run_opens_on_its_cause_and_the_cure(demo: Visitor) -> None:
    slug = demo.copy_of("hello-agent", "With a model that is not there", with_model("openai/gpt-that-is-not-there"))
    run = demo.start_run(slug, demo.example("hello-agent"), draft=True)
    demo.wait_for_status(run, "failed")
    page = demo.open_run(run)
    expect(run_status(page)).to_contain_text("Failed")
    selected = page.locator('.span[aria-selected="true"]')
    expect(selected.locator('.span-icon[data-sort="model"]')).to_be_visible()
    detail = page.locator(".run-detail")
    expect(detail.locator(".notice")).to_contain_text(re.compile("key", re.IGNORECASE))
    assert len(detail.locator(".notice p").inner_text()) > 10, "the cure is said"
