"""The canvases on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.journeys.conftest import Arrive
from tests.journeys.visitor import Visitor, eventually

pytestmark = pytest.mark.journey


@pytest.fixture
def phone(arrive: Arrive) -> Visitor:
    return arrive("demo", phone=True)


def shows_all_and_covers_none(page: Page, canvas: str) -> None:
    """Every card lies within the canvas, none of it under the zoom buttons."""
    frame = page.locator(canvas)
    cards = frame.locator(".react-flow__node")
    expect(cards.first).to_be_visible()
    buttons = frame.locator(".react-flow__controls")
    seen, covering = box(frame), box(buttons)
    eventually(lambda: all(within(box(card), seen) for card in cards.all()), "all cards are on the screen", page)
    assert [card.get_attribute("data-id") for card in cards.all() if overlap(box(card), covering)] == []
    for button in buttons.get_by_role("button").all():
        assert min(box(button)["width"], box(button)["height"]) >= 40, "a thumb hits it"


def box(of: Locator) -> FloatRect:
    found = of.bounding_box()
    assert found is not None
    return found


def overlap(one: FloatRect, other: FloatRect) -> bool:
    return all(one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in (("x", "width"), ("y", "height")))


def within(one: FloatRect, other: FloatRect) -> bool:
    return all(one[at] >= other[at] and one[at] + one[size] <= other[at] + other[size] for at, size in (("x", "width"), ("y", "height")))


def rising(document: dict[str, Any]) -> None:
    """From the lower left corner, where the zoom buttons are, to the upper right one."""
    document["layout"] = {node["id"]: {"x": 300 * index, "y": -340 * index} for index, node in enumerate(document["nodes"])}


@pytest.mark.parametrize("change", [lambda document: None, rising], ids=["as it came", "rising"])
def test_the_zoom_buttons_of_the_editor_cover_no_card(phone: Visitor, change: Callable[[dict[str, Any]], None]) -> None:
    page = phone.open_graph(phone.copy_of("hello-agent", "On a phone", change))
    shows_all_and_covers_none(page, ".editor-canvas")
    page.locator(".editor-canvas").get_by_role("button", name="Zoom in").click()
    page.locator(".editor-canvas").get_by_role("button", name="Fit view").click()
    shows_all_and_covers_none(page, ".editor-canvas")


def test_the_canvas_of_a_run_shows_all_of_it_when_it_is_opened(phone: Visitor) -> None:
    slug = phone.copy_of("hello-agent", "Run on a phone", rising)
    run = phone.start_run(slug, phone.example("hello-agent"), draft=True)
    phone.wait_for_status(run, "succeeded")
    page = phone.open_run(run)
    page.get_by_role("button", name="Canvas", exact=True).click()
    shows_all_and_covers_none(page, ".run-canvas")
