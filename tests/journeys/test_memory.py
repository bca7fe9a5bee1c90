"""An agent that remembers: its memory is switched on in a form, and the next run shows what came back and how well it fits."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_planning import own_graph, picture
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.journey
FACT = "Red foxes sleep under the old oak near the river."
QUESTION = "Where do red foxes sleep?"


def run(demo: Visitor, slug: str, text: str) -> str:
    answer = demo.send(f"graphs/{slug}/runs", {"input": text, "draft": True})
    assert answer.status == 201, answer.text()
    found = str(answer.json()["id"])
    demo.wait_for_status(found, "succeeded")
    return found


def switch_memory_on(page: Page) -> None:
    form = page.locator(".tab-panel").filter(has=page.get_by_text("Remember across runs", exact=True)).last
    expect(form.get_by_label("Name of the memory")).to_have_count(0)
    expect(form.get_by_label("Embedding model")).to_have_count(0)
    form.get_by_label("What the model is sent").select_option(label="The last messages")
    form.get_by_label("Last messages at most").fill("12")
    form.get_by_role("switch", name="Remember across runs").click()
    form.get_by_label("Name of the memory").fill("foxes")
    form.get_by_label("What is kept").select_option(label="Each answer")
    form.get_by_text("Which memories come back", exact=True).click()
    form.get_by_label("Chosen by").select_option(label="Likeness, newer ones first")
    form.get_by_label("Half-life in days").fill("7")
    expect(form.get_by_label("Embedding model")).to_have_value("local/ngrams-256")
    expect(page.get_by_role("tab", name=re.compile(r"Memory\s+\(on\)"))).to_be_visible()


REMEMBERED = {"on": True, "space": "foxes", "write": "answer"}


def test_an_agent_is_given_a_memory_and_is_seen_to_use_it(demo: Visitor) -> None:
    slug = own_graph(demo, model="demo/instant")
    page = demo.open_graph(slug)
    page.locator('.react-flow__node[data-id="help"]').click()
    inspector = page.locator(".inspector")
    inspector.get_by_role("button", name="Edit agent").first.click()
    inspector.get_by_role("tab", name="Memory").click()
    switch_memory_on(page)
    picture(page, "editor-memory")
    expect(page.locator(".save-mark")).to_have_text("Saved")
    memory = demo.ask(f"graphs/{slug}")["document"]["agents"]["helper"]["memory"]
    assert memory["long_term"] | REMEMBERED == memory["long_term"]
    assert memory["short_term"]["messages"] == 12 and memory["long_term"]["retrieval"]["half_life_days"] == 7
    inspector.get_by_role("tab", name="Tools").click()
    inspector.get_by_label("Card of Calculator").click()
    expect(inspector.locator("details[open] > .tool-card")).to_contain_text("(12.5 + 3) * 4")
    picture(page, "editor-tools")

    first = run(demo, slug, FACT)
    second = run(demo, slug, QUESTION)
    page = demo.open_run(second)
    spans = page.get_by_role("tree", name="Spans")
    spans.get_by_text("Recall from foxes").click()
    detail = page.locator(".run-detail")
    memory_shown = detail.locator(".memory").first
    expect(memory_shown).to_contain_text("under the old oak")
    expect(memory_shown).to_contain_text(re.compile(r"Score\s*0\.\d\d"))
    expect(memory_shown.get_by_role("link", name="The run it came from")).to_have_attribute("href", re.compile(f"^/runs/{first}/#span="))
    page.get_by_role("tab", name="Asked").click()
    expect(detail).to_contain_text(QUESTION)
    expect(detail).to_contain_text("likeness, newer ones first")
    spans.get_by_text("Help", exact=True).click()
    page.get_by_role("tab", name="Memory").click()
    expect(detail.get_by_role("region", name="Recalled")).to_contain_text("under the old oak")
    expect(detail.get_by_role("region", name="Kept")).to_contain_text(QUESTION)
    picture(page, "run-memory")
    detail.get_by_role("link", name="The memory", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Memory")
    expect(page.locator("[data-memory]")).to_contain_text("under the old oak")


def test_an_agent_of_the_library_is_made_and_changed_in_the_same_form(demo: Visitor) -> None:
    page = demo.page
    page.goto("/agents/new/")
    page.get_by_label("Name").first.fill("Fox friend")
    page.get_by_label("Model").fill("demo/instant")
    page.get_by_role("tab", name="Memory").click()
    switch_memory_on(page)
    page.get_by_role("tab", name="Tools").click()
    page.get_by_label("Calculator", exact=False).first.check()
    picture(page, "agent-page")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/agents/fox-friend/")
    kept = demo.ask("agents/fox-friend")
    assert kept["agent"]["memory"]["long_term"]["space"] == "foxes" and kept["agent"]["tools"] == ["calculator"]
    page.get_by_role("tab", name="Limits").click()
    page.get_by_label("Model calls at most").fill("0")
    page.get_by_role("button", name="Save").click()
    demo.watch.provoke("400")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".field-error")).to_be_visible()
    page.get_by_label("Model calls at most").fill("9")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    again = demo.ask("agents/fox-friend")["agent"]
    assert again["limits"]["max_iterations"] == 9 and again["memory"] == kept["agent"]["memory"]
