"""A person at a browser, signed in."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import APIResponse, BrowserContext, Locator, Page, expect

from tests.journeys.product import PASSWORD
from tests.journeys.watch import Watch
from tests.runs.services import wait_until

SLOW_MS = 30_000
"""How long a condition may take to come true on a busy machine."""
RUN_S = 120.0
TERMINAL = {"succeeded", "failed", "cancelled", "crashed", "limit_exceeded"}


class Visitor:
    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context = context
        self.watch = Watch()
        self._base = base
        self.page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(SLOW_MS)
        self.watch.follow(page)
        return page

    def sign_in(self, name: str) -> None:
        self.page.goto("/sign-in/")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self._base}/")

    # What the API says, for comparing with what the page shows.

    def ask(self, path: str) -> Any:
        answer = self.context.request.get(f"/api/v1/{path}")
        assert answer.ok, f"{answer.status} {path}: {answer.text()}"
        return answer.json()

    def send(self, path: str, body: dict[str, Any], method: str = "POST") -> APIResponse:
        token = next(cookie["value"] for cookie in self.context.cookies() if cookie["name"] == "csrftoken")
        return self.context.request.fetch(f"/api/v1/{path}", method=method, data=body, headers={"X-CSRFToken": token})

    def events(self, run: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        more = True
        while more:
            answer = self.ask(f"runs/{run}/events?after={found[-1]['seq'] if found else 0}&limit=5000")
            found += answer["events"]
            more = answer["more"]
        return found

    def status_of(self, run: str) -> str:
        return str(self.ask(f"runs/{run}")["status"])

    def wait_for_status(self, run: str, *wanted: str, seconds: float = RUN_S) -> str:
        reached = set(wanted) | TERMINAL
        seen = [""]  # the one that ended the wait: a run that was just answered may have gone on when it is asked for again
        wait_until(lambda: seen.append(self.status_of(run)) or seen[-1] in reached, seconds, f"run {run} is {' or '.join(wanted)}")
        assert seen[-1] in wanted, f"{seen[-1]}: {self.ask(f'runs/{run}')['error']}"
        return seen[-1]

    def example(self, slug: str) -> dict[str, Any]:
        """The input that comes with a graph."""
        given: dict[str, Any] = self.ask(f"graphs/{slug}")["example_input"]
        return given

    def copy_of(self, slug: str, title: str, change: Callable[[dict[str, Any]], None]) -> str:
        """A copy of a graph with its files, its draft changed. Its slug."""
        made = self.send(f"graphs/{slug}/duplicate", {})
        assert made.status == 201, made.text()
        copy = self.ask(f"graphs/{made.json()['slug']}")
        document = {**copy["document"], "title": title}
        change(document)
        saved = self.send(f"graphs/{copy['slug']}/draft", {"document": document, "revision": copy["revision"]}, "PUT")
        assert saved.ok and saved.json()["problems"] == [], saved.text()
        return str(copy["slug"])

    def start_run(self, slug: str, inputs: dict[str, Any], *, draft: bool = False) -> str:
        answer = self.send(f"graphs/{slug}/runs", {"input": inputs, "draft": draft})
        assert answer.status == 201, answer.text()
        return str(answer.json()["id"])

    def questions(self, run: str) -> list[dict[str, Any]]:
        """What waits for this person in a run."""
        return [row for row in self.ask("approvals")["approvals"] if row["run"] == run]

    def answer_all(self, run: str, action: str = "approve") -> int:
        """Answers what waits in a run, through the API. How many questions there were."""
        asked = self.questions(run)
        for row in asked:
            body = {
                "type": "answer",
                "path": row["path"],
                "action": action,
                "value": row["request"].get("payload"),
                "comment": "",
                "digest": row["digest"],
            }
            answer = self.send(f"runs/{run}/commands", body)
            assert answer.status == 202, answer.text()
        return len(asked)

    # Screens.

    def open_graph(self, slug: str, page: Page | None = None) -> Page:
        page = page or self.page
        page.goto(f"/graphs/{slug}/")
        expect(page.locator(".save-mark")).to_have_text("Saved")
        return page

    def open_run(self, run: str, page: Page | None = None) -> Page:
        page = page or self.page
        page.goto(f"/runs/{run}/")
        expect(page.get_by_role("tree", name="Spans").get_by_role("treeitem").first).to_be_visible()
        return page


def with_model(model: str) -> Callable[[dict[str, Any]], None]:
    """Changes every agent of a graph to that model."""

    def change(document: dict[str, Any]) -> None:
        for agent in document["agents"].values():
            agent["model"] = model

    return change


def upset(person: Visitor) -> list[object]:
    """One ticket that needs a person."""
    return [ticket for ticket in person.example("triage")["tickets"] if ticket["subject"] == "Rude agent on the phone"]


def run_status(page: Page) -> Locator:
    """The badge in the head of the run page."""
    return page.locator(".run-head .badge").first


def shown_events(page: Page) -> tuple[int, int]:
    """The number of the last event the run page knows, and how many events it has taken in."""
    waterfall = page.locator(".waterfall")
    return int(waterfall.get_attribute("data-last-seq") or 0), int(waterfall.get_attribute("data-events") or 0)


def eventually(condition: Callable[[], bool], what: str, page: Page, seconds: float = 30.0) -> None:
    """Waits while the browser goes on: its events are taken in between the looks."""
    for _ in range(int(seconds * 10)):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"Not within {seconds:.0f} s: {what}")
