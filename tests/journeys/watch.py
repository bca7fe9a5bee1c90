"""What a browser complains about while a person is at work."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response


class Watch:
    """Collects errors and warnings of a page. A journey names those it provokes; any other fails it."""

    def __init__(self) -> None:
        self._complaints: list[str] = []
        self._provoked: list[str] = []

    def follow(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._complaints.append(f"fault in the page: {error}"))
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_failed)

    def provoke(self, pattern: str) -> None:
        """Complaints that match are what this journey is about."""
        self._provoked.append(pattern)

    def complaints(self) -> list[str]:
        return [text for text in self._complaints if not any(re.search(pattern, text) for pattern in self._provoked)]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            where = urlsplit(message.location.get("url", "")).path
            self._complaints.append(f"console {message.type}: {message.text} ({where})")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self._complaints.append(f"{response.status} {response.request.method} {urlsplit(response.url).path}")

    def _on_failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a page that was left stops its own requests
            self._complaints.append(f"{request.failure} {request.method} {urlsplit(request.url).path}")
