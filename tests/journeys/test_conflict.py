"""Two people draw the same graph."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.journey


def retitle(page: Page, title: str) -> None:
    page.get_by_label("Title of the graph").fill(title)


def test_the_second_to_save_is_asked_and_nothing_is_overwritten(demo: Visitor) -> None:
    slug = demo.copy_of("hello-agent", "Shared", lambda document: None)
    first = demo.open_graph(slug)
    second = demo.open_graph(slug, demo.new_page())

    retitle(first, "As the first wants it")
    expect(first.locator(".save-mark")).to_have_text("Saved")
    revision = demo.ask(f"graphs/{slug}")["revision"]

    demo.watch.provoke("409")
    retitle(second, "As the second wants it")
    dialog = second.get_by_role("dialog")
    expect(dialog).to_contain_text("demo saved this graph before you")
    kept = demo.ask(f"graphs/{slug}")
    assert kept["document"]["title"] == "As the first wants it" and kept["revision"] == revision

    dialog.get_by_role("button", name="Keep mine as a duplicate").click()
    second.wait_for_url(lambda url: slug not in url)
    expect(second.get_by_label("Title of the graph")).to_have_value("As the second wants it (my edits)")
    assert demo.ask(f"graphs/{slug}")["revision"] == revision

    first.reload()
    expect(first.get_by_label("Title of the graph")).to_have_value("As the first wants it")
