"""An HTTP server whose answers a test writes beforehand: whole, cut, slow, none at all."""

import json
import socket
import ssl
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

RUN = "11111111-2222-3333-4444-555555555555"
JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Scripted:
    """`cut`: the connection ends after so many bytes of the body."""

    body: bytes = b"{}"
    status: int = 200
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


def answer(value: Any, **rest: Any) -> Scripted:
    return Scripted(json.dumps(value).encode(), **rest)


def problem(status: int, code: str = "some_code", headers: dict[str, str] | None = None, **members: Any) -> Scripted:
    body = {"type": "about:blank", "title": "Title", "status": status, "detail": "Detail.", "code": code, "cure": "Cure.", "details": {}}
    return Scripted(json.dumps({**body, **members}).encode(), status=status, kind=PROBLEM, headers=headers or {})


def run_row(status: str = "running", **rest: Any) -> dict[str, Any]:
    row = {"id": RUN, "status": status, "graph": {"slug": "g", "title": "G"}, "version": 1, "trigger": "api", "waiting": 0, "error": None}
    times = {"created_at": "2026-01-02T03:04:05+00:00", "started_at": None, "finished_at": None}
    return {**row, **times, "input": None, "output": None, "last_seq": 0, "document": {}, **rest}


def event_row(seq: int, type: str = "node_started", **rest: Any) -> dict[str, Any]:
    return {"v": 1, "type": type, "seq": seq, "at_us": 1_700_000_000_000_000 + seq, **rest}


def events_page(*rows: dict[str, Any], more: bool = False) -> Scripted:
    return answer({"events": list(rows), "last_seq": rows[-1]["seq"] if rows else 0, "more": more})


class ScriptedServer:
    """Answers of one path are given one after the other, the last one again and again."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.seen: list[Seen] = []
        self._scripts: defaultdict[str, deque[Scripted]] = defaultdict(deque)
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'http' if certificate is None else 'https'}://127.0.0.1:{self._server.server_address[1]}"

    def script(self, path: str, *answers: Scripted) -> None:
        """`path` is what follows /api/v1/."""
        self._scripts[path].extend(answers)

    def given(self, path: str) -> Scripted:
        left = self._scripts[path]
        if not left:
            return problem(404, "not_found")
        return left.popleft() if len(left) > 1 else left[0]

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients go away in the middle of what they do not want."""


def _handler_of(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Any) -> None:
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/api/v1/")
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.seen.append(Seen(self.command, path, dict(parse_qsl(parts.query)), headers, body))
            given = server.given(path)
            self.send_response(given.status)
            for name, value in {"Content-Type": given.kind, "Content-Length": str(len(given.body)), **given.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.body if given.cut is None else given.body[: given.cut])
            if given.cut is not None:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
