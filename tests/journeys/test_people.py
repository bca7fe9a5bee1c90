"""Who sees what: another tenant, a viewer, and the policy."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Arrive
from tests.journeys.visitor import Visitor, run_status, upset

pytestmark = pytest.mark.journey

CLOSE_CODE = """path => new Promise(resolve => {
  const socket = new WebSocket(`ws://${location.host}${path}`);
  socket.onclose = event => resolve(event.code);
})"""


def test_another_tenant_sees_nothing(demo: Visitor, arrive: Arrive) -> None:
    run = demo.start_run("hello-agent", demo.example("hello-agent"))
    demo.wait_for_status(run, "succeeded")
    rival = arrive("rival")
    rival.watch.provoke("404|4404")
    page = rival.page
    for address in (f"/runs/{run}/", "/graphs/triage/"):
        answer = page.goto(address)
        assert answer is not None and answer.status == 404
        expect(page.locator("main")).not_to_contain_text("triage")
    for address, empty in (
        ("/", "No graphs yet"),
        ("/runs/", "No runs here"),
        ("/approvals/", "Nothing waits for you"),
        ("/costs/", "No model calls"),
    ):
        page.goto(address)
        expect(page.locator("main")).to_contain_text(empty)
    assert page.evaluate(CLOSE_CODE, f"/ws/runs/{run}/?after=0") == 4404
    assert rival.context.request.get(f"/api/v1/runs/{run}").status == 404
    assert demo.page.evaluate("location.pathname") == "/"


def test_a_viewer_watches_and_is_offered_nothing_else(demo: Visitor, arrive: Arrive) -> None:
    run = demo.start_run("triage", {"tickets": upset(demo)})
    demo.wait_for_status(run, "waiting")
    casey = arrive("casey")
    page = casey.open_graph("triage")
    assert page.locator(".node").count() > 5
    expect(page.get_by_text("View only")).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Publish")).to_be_disabled()
    expect(page.get_by_label("Title of the graph")).to_be_disabled()
    expect(page.locator(".palette")).to_have_count(0)

    casey.open_run(run)
    expect(run_status(page)).to_contain_text("Waiting")
    expect(page.get_by_text("You may watch this run, but not answer for it.")).to_be_visible()
    for name in ("Cancel", "Pause", "Send as it is"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.goto("/approvals/")
    expect(page.locator("main")).to_contain_text("Nothing waits for you")

    asked = demo.questions(run)[0]
    refused = casey.send(
        f"runs/{run}/commands",
        {"type": "answer", "path": asked["path"], "action": "approve", "value": None, "comment": "", "digest": asked["digest"]},
    )
    assert refused.status == 403 and refused.json()["cure"]
    assert casey.send("graphs/triage/runs", {"input": {"tickets": []}}).status == 403
    demo.answer_all(run)
    demo.wait_for_status(run, "succeeded")


@pytest.fixture
def policy_page(demo: Visitor) -> Iterator[Visitor]:
    """The policy page; afterwards everything is allowed again."""
    demo.page.goto("/policy/")
    yield demo
    demo.send("policy", {"yaml": "tools: []\n", "version": demo.ask("policy")["version"]}, "PUT")


def test_a_call_that_needs_approval_waits_for_a_person_who_sees_it(policy_page: Visitor) -> None:
    person, page = policy_page, policy_page.page
    person.watch.provoke("^400|status of 400")
    page.get_by_label("Policy in YAML").fill("tools:\n  - name: csv_lookup\n    requires_approval: maybe\n")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("line 3, column 24")
    page.get_by_label("Policy in YAML").fill("tools:\n  - name: csv_lookup\n    requires_approval: true\n")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Policy in YAML, version")).to_be_visible()

    calm = next(ticket for ticket in person.example("triage")["tickets"] if ticket["order_id"])
    run = person.start_run("triage", {"tickets": [calm]})
    person.wait_for_status(run, "waiting")
    asked = person.questions(run)[0]
    person.open_run(run)
    detail = page.locator(".run-detail")
    expect(detail).to_contain_text("Exactly this will be done")
    expect(detail.get_by_role("group", name="payload")).to_contain_text("csv_lookup")
    expect(detail.get_by_role("group", name="payload")).to_contain_text(calm["order_id"])
    expect(detail.locator(".digest")).to_contain_text(asked["digest"][:12])
    assert not lookups(person, run), "nothing was looked up yet"

    detail.get_by_role("button", name="Approve").click()
    expect(run_status(page)).not_to_contain_text("Waiting")
    while person.wait_for_status(run, "waiting", "succeeded") == "waiting":
        person.answer_all(run)
        person.page.wait_for_timeout(200)
    used = lookups(person, run)
    assert used and calm["order_id"] in str(used[0]["request"])


def test_a08_who_started_a_run_reads_that_somebody_else_must_approve_its_call(policy_page: Visitor) -> None:
    person, page = policy_page, policy_page.page
    others = "tools:\n  - name: csv_lookup\n    requires_approval: true\n    approved_by_others: true\n"
    page.get_by_label("Policy in YAML").fill(others)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Policy in YAML, version")).to_be_visible()
    calm = next(ticket for ticket in person.example("triage")["tickets"] if ticket["order_id"])
    run = person.start_run("triage", {"tickets": [calm]})
    person.wait_for_status(run, "waiting")
    person.open_run(run)
    detail = page.locator(".run-detail")
    expect(detail).to_contain_text("Exactly this will be done")
    expect(detail).to_contain_text("Somebody else must approve it: you started this run.")
    expect(detail.get_by_role("button", name="Approve")).to_have_count(0)
    page.goto("/approvals/")
    card = page.locator(".asked").filter(has_text="csv_lookup")
    expect(card).to_contain_text("Somebody else must approve it: you started this run.")
    expect(card.get_by_role("button")).to_have_count(0)
    assert person.send(f"runs/{run}/commands", {"type": "cancel"}).status == 202
    person.wait_for_status(run, "cancelled")


def lookups(person: Visitor, run: str) -> list[dict[str, Any]]:
    """The calls of the tool that were begun."""
    return [event for event in person.events(run) if event["type"] == "effect_started" and event["name"] == "csv_lookup"]
