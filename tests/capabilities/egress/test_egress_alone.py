"""Nothing else in the product opens an HTTP connection."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("orchestrator", "tenants", "editor", "runs")
CLIENTS = {
    "aiohttp",
    "httpx",
    "httpx2",
    "requests",
    "urllib3",
    "urllib.request",
    "http.client",
    "pycurl",
    "websockets",
    "ftplib",
    "smtplib",
}
ALLOWED = {
    ("orchestrator/capabilities/egress/client.py", "aiohttp"),
    ("orchestrator/capabilities/egress/httpx_transport.py", "httpx"),  # no client: the place of its sockets
    ("orchestrator/capabilities/egress/httpx_transport.py", "aiohttp"),  # its errors alone
    ("orchestrator/management/commands/up.py", "urllib.request"),  # asks its own web server whether it is up
    ("orchestrator/management/commands/health.py", "urllib.request"),  # the same
}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def clients_in(source: str) -> set[str]:
    names = set(imported(ast.parse(source)))
    return {client for client in CLIENTS if any(name == client or name.startswith(f"{client}.") for name in names)}


def test_the_search_finds_every_form_of_import() -> None:
    for source in (
        "import httpx",
        "from urllib import request",
        "import urllib.request as r",
        "def f():\n    from aiohttp.client import ClientSession",
    ):
        assert clients_in(source), source


def test_only_the_way_out_imports_an_http_client() -> None:
    """N03"""
    found = {
        (path.relative_to(ROOT).as_posix(), client)
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for client in clients_in(path.read_text(encoding="utf-8"))
    }
    assert found <= ALLOWED
    assert ("orchestrator/capabilities/egress/client.py", "aiohttp") in found
