"""One product and one browser for all journeys."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.journeys.product import ROOT, Product
from tests.journeys.visitor import SLOW_MS, Visitor

CHROMIUM = os.environ.get("PLAYWRIGHT_CHROMIUM") or shutil.which("chromium") or ""
QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
]
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

Arrive = Callable[..., Visitor]


# Both end with this folder: Playwright's loop runs in the main thread and would be in the way of asynchronous tests.


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium: install the package chromium, or name one in PLAYWRIGHT_CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def product() -> Iterator[Product]:
    if not (ROOT / "static" / "dist" / "manifest.json").exists():
        pytest.skip("the browser code is not built: make setup builds it")
    started = Product()
    try:
        yield started.start()
    finally:
        started.stop()


@pytest.fixture
def arrive(browser: Browser, product: Product) -> Iterator[Arrive]:
    """Makes people: `arrive("casey")` is signed in, `arrive(None)` is not yet. At the end no page may have complained."""
    expect.set_options(timeout=SLOW_MS)
    people: list[Visitor] = []

    def come(name: str | None = "demo", *, phone: bool = False, dark: bool = False) -> Visitor:
        context = browser.new_context(
            base_url=product.url,
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
            accept_downloads=True,
        )
        person = Visitor(context, product.url)
        people.append(person)
        if name is not None:
            person.sign_in(name)
        return person

    yield come
    complaints = [complaint for person in people for complaint in person.watch.complaints()]
    for person in people:
        person.context.close()
    assert complaints == []


@pytest.fixture
def demo(arrive: Arrive) -> Visitor:
    return arrive("demo")
