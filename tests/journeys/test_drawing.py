"""A graph drawn by hand, from nothing to its output."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.visitor import Visitor, eventually

pytestmark = pytest.mark.journey


def place(page: Page, kind: str, x: int, y: int) -> None:
    """Drags a kind from the palette onto the canvas, x and y from its corner."""
    before = nodes(page).count()
    canvas = page.locator(".editor-canvas .react-flow__pane")
    page.locator(".palette").get_by_role("button", name=kind, exact=True).drag_to(canvas, target_position={"x": x, "y": y})
    expect(nodes(page)).to_have_count(before + 1)


def nodes(page: Page) -> Locator:
    return page.locator(".react-flow__node")


def node(page: Page, name: str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{name}"]')


def port(page: Page, name: str, side: str, of: str = "") -> Locator:
    wanted = f'[data-handleid="{of or ("out" if side == "source" else "in")}"]'
    return node(page, name).locator(f".react-flow__handle.{side}{wanted}")


def connect(page: Page, source: Locator, target: Locator) -> None:
    """With the mouse, from port to port."""
    begin, end = source.bounding_box(), target.bounding_box()
    assert begin is not None and end is not None
    page.mouse.move(begin["x"] + begin["width"] / 2, begin["y"] + begin["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] - 30, end["y"] - 10, steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=4)
    page.mouse.up()


def leave_fields(page: Page) -> None:
    page.locator(".editor-canvas .react-flow__pane").click(position={"x": 60, "y": 40})


def test_a_graph_is_drawn_published_and_run(demo: Visitor) -> None:
    page = demo.page
    page.goto("/")
    page.get_by_label("Title of the new graph").fill("Drawn by hand")
    page.get_by_role("button", name="New graph").click()
    expect(page.locator(".canvas-empty")).to_be_visible()

    place(page, "Input", 90, 200)
    place(page, "Transform", 380, 200)
    place(page, "Output", 670, 200)
    edges = page.locator(".react-flow__edge")
    connect(page, port(page, "input", "source"), port(page, "transform", "target"))
    expect(edges).to_have_count(1)
    connect(page, port(page, "transform", "source"), port(page, "output", "target"))
    expect(edges).to_have_count(2)

    place(page, "Map", 130, 440)
    connect(page, port(page, "input", "source"), port(page, "map", "target", "result"))
    expect(page.locator(".canvas-note")).to_contain_text("may not cross the border of a map")
    expect(edges).to_have_count(2)
    node(page, "map").locator(".node-head").click()
    page.keyboard.press("Delete")
    expect(nodes(page)).to_have_count(3)

    node(page, "transform").click()
    expression = page.locator(".inspector").get_by_label("Expression")
    expression.fill("'Hello ' + ")
    problem = page.locator(".inspector .field-error")
    expect(problem).to_be_visible()
    expect(node(page, "transform").locator(".problem-mark")).to_be_visible()
    leave_fields(page)
    node(page, "transform").click()
    expression.fill("'Hello ' + input.name")
    expect(problem).to_be_hidden()
    expect(page.locator(".save-mark")).to_have_text("Saved")

    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(expression).not_to_have_value("'Hello ' + input.name")
    page.get_by_role("button", name=re.compile("^Redo")).click()
    expect(expression).to_have_value("'Hello ' + input.name")

    leave_fields(page)
    node(page, "transform").click()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(nodes(page)).to_have_count(4)
    page.keyboard.press("Delete")
    expect(nodes(page)).to_have_count(3)
    page.keyboard.press("Control+z")
    expect(nodes(page)).to_have_count(4)
    page.keyboard.press("Control+Shift+z")
    expect(nodes(page)).to_have_count(3)

    page.keyboard.press("n")
    page.get_by_role("combobox", name="Which node").fill("wait")
    page.keyboard.press("Enter")
    expect(node(page, "wait")).to_be_visible()
    page.keyboard.press("Backspace")
    expect(nodes(page)).to_have_count(3)

    before = tops(page)
    assert len(before) == 3
    connect_by_hand_moves(page)
    page.keyboard.press("Shift+L")
    eventually(lambda: len(set(tops(page))) == 1, "the cards stand in one row", page)

    expect(page.locator(".save-mark")).to_have_text("Saved")
    page.get_by_role("button", name="Publish").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What is new").fill("It greets")
    dialog.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".version-badge")).to_contain_text("v1")

    page.keyboard.press("Control+Enter")
    dialog.get_by_label("Input").fill('{"name": "Ada"}')
    dialog.get_by_role("button", name="Run", exact=True).click()
    drawer = page.locator(".drawer")
    expect(drawer.locator(".live-sums .badge")).to_contain_text("Succeeded")
    drawer.get_by_role("tab", name="Output").click()
    expect(drawer.get_by_role("tabpanel")).to_contain_text("Hello Ada")
    expect(node(page, "output").locator(".node-status")).to_be_visible()


def tops(page: Page) -> list[float]:
    """How far down each card stands, in whole pixels of its middle."""
    boxes = [card.bounding_box() for card in nodes(page).all()]
    return [round(box["y"] + box["height"] / 2, -1) for box in boxes if box is not None]


def connect_by_hand_moves(page: Page) -> None:
    """Drags one card out of the row."""
    card = node(page, "transform").locator(".node-head")
    box = card.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 160, steps=6)
    page.mouse.up()
    eventually(lambda: len(set(tops(page))) > 1, "the card was moved", page)


def test_an_edge_shows_what_is_wrong_with_it_and_is_chosen_by_its_mark(demo: Visitor) -> None:
    slug = demo.copy_of("hello-agent", "With a broken edge", lambda document: None)
    page = demo.open_graph(slug)
    edge = demo.ask(f"graphs/{slug}")["document"]["edges"][0]
    sound = stroke(page, edge["id"])
    idle = "The edge closes no loop, so that its limit counts nothing"

    node(page, edge["source"]).click()
    page.get_by_role("tab", name="Edges").click()
    page.locator(".edge-list").get_by_role("button", name="to ", exact=False).first.click()
    page.locator(".inspector").get_by_label("Loop limit").fill("3")
    mark = page.locator(".editor-canvas").get_by_role("button", name=idle)
    expect(mark).to_have_attribute("title", idle)
    warned = resting_stroke(page, edge["id"])

    mark.click()
    expect(page.locator(".react-flow__edge.selected")).to_have_attribute("data-id", edge["id"])
    expect(page.locator(".inspector .problem")).to_contain_text(idle)
    page.locator(".inspector").get_by_label("Condition").fill("input.name +")
    mark = page.locator('.editor-canvas .problem-mark[data-severity="error"]')
    expect(mark).to_be_visible()
    assert len({sound, warned, resting_stroke(page, edge["id"])}) == 3

    mark.press("Enter")
    expect(page.locator(".react-flow__edge.selected")).to_have_attribute("data-id", edge["id"])
    page.locator(".inspector").get_by_label("Condition").fill("true")
    page.locator(".inspector").get_by_label("Loop limit").fill("")
    expect(page.locator(".problem-mark")).to_have_count(0)
    assert resting_stroke(page, edge["id"]) == sound


def resting_stroke(page: Page, edge: str) -> str:
    """The colour of an edge that nobody has chosen, once it has come to it."""
    leave_fields(page)
    expect(page.locator(".react-flow__edge.selected")).to_have_count(0)
    seen: list[str] = []

    def has_come_to_rest() -> bool:
        seen.append(stroke(page, edge))
        return seen[-3:] == [seen[-1]] * 3

    eventually(has_come_to_rest, "the edge has its colour", page)
    return seen[-1]


def stroke(page: Page, edge: str) -> str:
    return str(page.locator(f'.react-flow__edge[data-id="{edge}"] .link').evaluate("path => getComputedStyle(path).stroke"))
