"""The list of runs is watched while what is told to it gets lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
import redis
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from orchestrator.processes.embedded_broker import socket_in
from tests.journeys.product import Product
from tests.journeys.visitor import Visitor, eventually, upset, with_model

pytestmark = pytest.mark.journey


@pytest.fixture
def asking_run(demo: Visitor) -> str:
    """A run that waits for people."""
    run = demo.start_run("triage", {"tickets": upset(demo)})
    demo.wait_for_status(run, "waiting")
    return run


def open_list(person: Visitor, run: str) -> Locator:
    """The list, live, and the row of the run in it, which still waits."""
    person.page.goto("/runs/")
    row = person.page.locator(f'[data-run="{run}"]')
    asked = len(person.questions(run))
    assert asked > 0
    expect(row.locator("[data-questions]")).to_have_text(f"{asked}\u00a0question{'s' * (asked > 1)}")
    expect(row.locator(".badge")).to_have_text("Waiting")
    return row


def shows_truth(person: Visitor, row: Locator, run: str) -> None:
    """Within a few seconds the row says all that a fresh page would say, and so does the count of questions."""
    usage = person.ask(f"runs/{run}")["usage"]
    expect(row.locator(".badge")).to_have_text("Succeeded")
    expect(row.locator("[data-questions]")).to_be_hidden()
    expect(row.locator("[data-tokens]")).to_have_text(f"{usage['input_tokens'] + usage['output_tokens']:,}")
    shown = cells(row)
    open_now = len(person.ask("approvals")["approvals"])
    count = person.page.locator("[data-approvals-count]").first
    eventually(lambda: (count.is_hidden() and open_now == 0) or count.inner_text() == str(open_now), "the count is true", person.page)
    person.page.reload()
    assert cells(row) == shown


def cells(row: Locator) -> list[str]:
    """What stands in the row, but for the time, which goes on."""
    return row.locator("td:not(:has(time))").all_inner_texts()


def finish(person: Visitor, run: str) -> None:
    while person.wait_for_status(run, "waiting", "succeeded") == "waiting":
        person.answer_all(run)


def mark_page(page: Page) -> None:
    page.evaluate("window.stayed = true")


def stayed(page: Page) -> bool:
    """Whether it is still the page that was marked."""
    return bool(page.evaluate("window.stayed === true"))


def test_a_list_that_watches_shows_what_a_fresh_one_shows(demo: Visitor) -> None:
    slug = demo.copy_of("triage", "Slow triage", with_model("demo/slow"))
    run = demo.start_run(slug, {"tickets": upset(demo)}, draft=True)
    demo.page.goto("/runs/")
    row = demo.page.locator(f'[data-run="{run}"]')
    tokens = row.locator("[data-tokens]")
    before = tokens.inner_text()
    demo.wait_for_status(run, "waiting")
    expect(row.locator("[data-questions]")).to_be_visible()
    expect(tokens).not_to_have_text(before)
    finish(demo, run)
    shows_truth(demo, row, run)


class Told:
    """What the page was told of one run."""

    def __init__(self, page: Page, run: str) -> None:
        self.ends: list[str] = []
        self.resyncs = 0
        self._run = run
        page.on("websocket", lambda socket: socket.on("framereceived", self._note))

    def _note(self, frame: Any) -> None:
        text = str(frame)
        self.resyncs += '"resync"' in text
        if self._run in text and '"succeeded"' in text:
            self.ends.append(text)


def test_a_list_finds_what_it_missed_when_its_subscription_broke(product: Product, demo: Visitor, asking_run: str) -> None:
    told = Told(demo.page, asking_run)
    row = open_list(demo, asking_run)
    mark_page(demo.page)
    with nobody_subscribed(product):
        finish(demo, asking_run)
    before = told.resyncs
    eventually(lambda: told.resyncs > before or bool(told.ends), "the page is told to ask again", demo.page)
    expect(row.locator(".badge")).to_have_text("Succeeded")
    assert stayed(demo.page)
    shows_truth(demo, row, asking_run)


@contextmanager
def nobody_subscribed(product: Product) -> Iterator[None]:
    """Cuts off whoever subscribes to the broker, again and again, as a broker that restarts all the time."""
    over = Event()

    def cut() -> None:
        with redis.Redis(unix_socket_path=str(socket_in(product.folder / "data"))) as client:
            while not over.wait(0.005):
                client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    cutting = Thread(target=cut)
    cutting.start()
    try:
        yield
    finally:
        over.set()
        cutting.join()


class Network:
    """Between a page and its sockets: whole, or gone."""

    def __init__(self, page: Page) -> None:
        self.gone = False
        self.tries = 0
        self._open: list[WebSocketRoute] = []
        page.route_web_socket("**/ws/**", self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        self.tries += 1
        if self.gone:
            socket.close(code=4503)
            return
        socket.connect_to_server()
        self._open.append(socket)

    def break_off(self) -> None:
        self.gone = True
        for socket in self._open:
            socket.close(code=4503)
        self._open.clear()


def test_a_list_finds_what_it_missed_when_the_network_was_gone(demo: Visitor, asking_run: str) -> None:
    network = Network(demo.page)
    row = open_list(demo, asking_run)
    eventually(lambda: network.tries == 1, "the list is live", demo.page)
    mark_page(demo.page)
    network.break_off()
    finish(demo, asking_run)
    eventually(lambda: network.tries >= 3, "the page tries again and again", demo.page)
    expect(row.locator(".badge")).to_have_text("Waiting")
    network.gone = False
    expect(row.locator(".badge")).to_have_text("Succeeded")
    assert stayed(demo.page)
    shows_truth(demo, row, asking_run)
