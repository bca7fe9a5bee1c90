"""An agent that plans: chosen in the editor, watched in a run, and spoken to."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.visitor import Visitor, run_status

pytestmark = pytest.mark.journey
TASK = "What is 12 * 7? Then say how the calculator found it; write the number down."
PICTURES = os.environ.get("JOURNEY_PICTURES", "")
"""A folder for pictures of what is seen, when one is wanted."""


def own_graph(demo: Visitor, **agent: Any) -> str:
    nodes = [
        {"id": "start", "kind": "input"},
        {"id": "help", "kind": "agent", "title": "Help", "params": {"agent": "helper"}},
        {"id": "end", "kind": "output"},
    ]
    edges = [{"id": f"{a}-{b}", "source": a, "target": b} for a, b in (("start", "help"), ("help", "end"))]
    helper = {"name": "Helper", "model": "demo/slow", "instructions": "Help with the task.", "tools": ["calculator"], **agent}
    document = {"title": "Planner", "nodes": nodes, "edges": edges, "agents": {"helper": helper}}
    made = demo.send("graphs", {"title": "Planner", "document": document})
    assert made.status == 201, made.text()
    return str(made.json()["slug"])


def start(demo: Visitor, slug: str) -> str:
    answer = demo.send(f"graphs/{slug}/runs", {"input": TASK, "draft": True})
    assert answer.status == 201, answer.text()
    return str(answer.json()["id"])


def picture(page: Page, name: str) -> None:
    if not PICTURES:
        return
    for width, height in ((390, 844), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.wait_for_timeout(1500)
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png")


def test_a_plan_is_chosen_watched_and_talked_into(demo: Visitor) -> None:
    slug = own_graph(demo)
    page = demo.open_graph(slug)
    page.locator('.react-flow__node[data-id="help"]').click()
    inspector = page.locator(".inspector")
    picture(page, "node")
    inspector.get_by_role("button", name="Edit agent").first.click()
    inspector.get_by_role("tab", name="Planning").click()
    inspector.get_by_label("How it plans").select_option(label="Tree of thoughts")
    expect(inspector.get_by_label("Breadth")).to_have_value("3")
    picture(page, "editor-tree")
    inspector.get_by_label("How it plans").select_option(label="Plan, then do the steps")
    expect(inspector.get_by_label("Breadth")).to_have_count(0)
    expect(inspector).to_contain_text("Make a plan, do its steps one by one")
    inspector.get_by_label("A person looks at the plan").select_option("first")
    picture(page, "editor-plan")
    inspector.get_by_role("tab", name="Limits").click()
    limit = inspector.get_by_label("Model calls at most")
    limit.fill("10")
    picture(page, "editor-limits")
    inspector.get_by_role("tab", name="Planning").click()
    warning = inspector.get_by_text("may take 18 model calls, and its limits allow 10")
    expect(warning).to_be_visible()
    picture(page, "editor-warned")
    inspector.get_by_role("tab", name="Limits").click()
    limit.fill("40")
    inspector.get_by_role("tab", name="Planning").click()
    expect(warning).to_have_count(0)
    expect(page.locator(".save-mark")).to_have_text("Saved")
    strategy = demo.ask(f"graphs/{slug}")["document"]["agents"]["helper"]["strategy"]
    assert (strategy["type"], strategy["review"]) == ("plan_and_execute", "first")

    run = start(demo, slug)
    demo.wait_for_status(run, "waiting")
    page = demo.open_run(run)
    spans = page.get_by_role("tree", name="Spans")
    for part in ("Plan", "Review before step 1"):
        expect(spans.get_by_role("treeitem").filter(has=page.get_by_text(part, exact=True))).to_be_visible()
    spans.get_by_text("Help", exact=True).click()
    page.get_by_role("tab", name="Planning").click()
    expect(page.get_by_label("Plan", exact=True)).to_contain_text("0 of 3 steps done")

    line = page.get_by_role("textbox", name="Say something to Helper")
    line.fill("Mind the units.")
    line.press("Enter")
    expect(page.locator(".said").first).to_contain_text("not read yet")
    expect(page.get_by_label("What people said")).to_contain_text("Mind the units.")
    expect(page.locator(".said")).to_have_count(1)
    picture(page, "run-waiting")
    spans.get_by_text("Plan of Helper").click()
    picture(page, "run-review")
    page.get_by_role("button", name="Go on with this plan").click()
    demo.wait_for_status(run, "succeeded")
    expect(run_status(page)).to_contain_text("Succeeded")
    expect(spans.get_by_text("Step 3", exact=True)).to_be_visible()
    spans.get_by_text("Help", exact=True).click()
    page.get_by_role("tab", name="Planning").click()
    expect(page.get_by_label("Plan", exact=True)).to_contain_text("3 of 3 steps done")
    expect(page.get_by_label("What people said")).to_contain_text("read before model call 1")
    expect(page.get_by_role("form", name="Say something to Helper")).to_have_count(0)
    picture(page, "run-planned")


WAYS: list[tuple[dict[str, Any], str, Callable[[Page], Any]]] = [
    ({"type": "react"}, "Thoughts", lambda page: page.locator(".thoughts li")),
    ({"type": "tree_of_thoughts", "depth": 2}, "Tree of thoughts", lambda page: page.locator('.thought[data-chosen="true"]')),
    ({"type": "reflection"}, "Reflections", lambda page: page.locator(".round")),
]


@pytest.mark.parametrize(("strategy", "section", "found"), WAYS, ids=[json.dumps(way[0]) for way in WAYS])
def test_every_way_of_planning_is_shown(demo: Visitor, strategy: dict[str, Any], section: str, found: Callable[[Page], Any]) -> None:
    run = start(demo, own_graph(demo, strategy=strategy, model="demo/instant"))
    demo.wait_for_status(run, "succeeded")
    page = demo.open_run(run)
    page.get_by_role("tree", name="Spans").get_by_text("Help", exact=True).click()
    page.get_by_role("tab", name="Planning").click()
    expect(page.get_by_role("region", name=section)).to_be_visible()
    expect(found(page).first).to_be_visible()
    picture(page, f"run-{strategy['type']}")
