"""Baton's API, as a program uses it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

from baton_client.connection import Connection, Request
from baton_client.environment import key_of, url_of
from baton_client.errors import BatonError, NotEnded, bad_answer
from baton_client.events import Event
from baton_client.fields import Fields
from baton_client.following import LONGEST_WAIT_S, Pace, events_of, run_of
from baton_client.json_values import Json
from baton_client.rows import Approval, Graph, Result, Run

PATIENCE_S: Final = 30.0

T = TypeVar("T")


class Baton:
    """One workspace of a server, as whom the key belongs to. Threads may share it.

    Without `url` and `key` the environment's BATON_URL and BATON_KEY are used. A request that does the same once or twice is
    repeated for `patience_s` seconds while the server cannot be reached, is busy or away. Everything raises BatonError.
    """

    def __init__(self, url: str = "", key: str = "", *, patience_s: float = PATIENCE_S) -> None:
        self._connection = Connection(url_of(url), key_of(key), patience_s)

    def __repr__(self) -> str:
        return f"Baton({self._connection.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def graphs(self) -> Iterator[Graph]:
        """Those that the key may see."""
        return self._rows("graphs", Graph.read)

    def start(
        self, graph: str, input: Json = None, *, version: int | None = None, draft: bool = False, idempotency_key: str | None = None
    ) -> Run:
        """Start a run of the graph with this slug: its latest version, or `version`, or with `draft` what is being drawn.

        Starts with the same `idempotency_key` start one run; without one each call is a start of its own, however often it is sent.
        """
        key = str(uuid4()) if idempotency_key is None else idempotency_key
        if not key or len(key) > 255 or not key.isascii() or not key.isprintable() or key != key.strip():
            raise BatonError("An idempotency key is 1 to 255 printable ASCII characters.", code="invalid_value", cure="Use a UUID.")
        body = {"input": input, "version": version, "draft": draft}
        request = Request("POST", f"graphs/{_segment(graph)}/runs", body=body, headers={"Idempotency-Key": key})
        return Run.read(Fields(self._connection.json(request)))

    def upload(self, path: str | Path, name: str = "") -> Json:
        """Send a file; what comes back stands for it in the input of a run. `name` is what it is called instead of its own name."""
        place = Path(path)
        try:
            content = place.read_bytes()
        except OSError as trouble:
            raise BatonError(f"{place} cannot be read: {trouble.strerror}", code="no_file", cure="Give the path of a file.") from None
        request = Request("POST", f"files/{_segment(name or place.name)}", content=content)
        return Fields(self._connection.json(request)).fields("file").all

    def run(self, run_id: str) -> Run:
        """How the run stands now, with its output if it has ended."""
        return run_of(self._connection, _uuid(run_id))

    def events(self, run_id: str, after: int = 0, *, follow: bool = True, unattended: bool = False) -> Iterator[Event]:
        """Each event after number `after`, once and in order, until the run has ended; lost connections are made again.

        Without `follow` only those that are there now. `unattended` ends also where the run waits for a person.
        """
        return events_of(self._connection, _uuid(run_id), after, live=follow, unattended=unattended)

    def wait(self, run_id: str, timeout: float | None = None, *, unattended: bool = False) -> Result:
        """Return what became of the run once it has ended; `unattended`: also once it waits for a person, with status `waiting`.

        Raises NotEnded after `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        pace = Pace()
        while True:
            run = self.run(run_id)
            if run.ended or (unattended and run.waits_for_person):
                return run.result
            left_s = LONGEST_WAIT_S if deadline is None else deadline - time.monotonic()
            if timeout is not None and left_s <= 0:
                raise NotEnded(run_id, run.status, timeout)
            pace.wait(left_s)

    def run_and_wait(
        self,
        graph: str,
        input: Json = None,
        *,
        version: int | None = None,
        draft: bool = False,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        unattended: bool = False,
    ) -> Result:
        """`start` and `wait`."""
        run = self.start(graph, input, version=version, draft=draft, idempotency_key=idempotency_key)
        return self.wait(run.id, timeout, unattended=unattended)

    def blob(self, run: str, sha256: str) -> Json:
        """A long value that an event of the run refers to."""
        return self._connection.json(Request("GET", f"runs/{_uuid(run)}/blobs/{_segment(sha256)}"))

    def approvals(self) -> Iterator[Approval]:
        """The open questions that the key may answer, oldest first."""
        return self._rows("approvals", Approval.read)

    def answer(self, run: str, path: str, action: str, value: Json = None, comment: str = "", *, digest: str) -> None:
        """Answer the question at `path`. `digest` is that of the approval which was looked at: another question is not answered."""
        self._command(run, {"type": "answer", "path": path, "action": action, "value": value, "comment": comment, "digest": digest})

    def cancel(self, run: str, comment: str = "") -> None:
        self._command(run, {"type": "cancel", "comment": comment})

    def pause(self, run: str, comment: str = "") -> None:
        self._command(run, {"type": "pause", "comment": comment})

    def resume(self, run: str, comment: str = "") -> None:
        self._command(run, {"type": "resume", "comment": comment})

    def tell(self, run: str, to: str, text: str) -> None:
        """Say something to the agent at work in the step whose first attempt has the path `to`: it reads it before its next model call.

        Sent once: whether a lost answer was a yes, the event `agent_told` says.
        """
        self._connection.json(Request("POST", f"runs/{_uuid(run)}/messages", body={"to": to, "text": text}, repeatable=False))

    def export(self, run: str, path: str = "") -> str:
        """A list in the run's output as CSV that spreadsheets open safely. `path`: names and positions with dots between."""
        request = Request("GET", f"runs/{_uuid(run)}/table.csv", {"path": path} if path else {}, kind="text/csv")
        try:
            return self._connection.content(request).decode()
        except UnicodeDecodeError:
            raise bad_answer("The server's table is not UTF-8.") from None

    def _command(self, run: str, body: dict[str, Json]) -> None:
        """Sent once: whether a lost answer was a yes, the run says."""
        self._connection.json(Request("POST", f"runs/{_uuid(run)}/commands", body=body, repeatable=False))

    def _rows(self, name: str, read: Callable[[Fields], T]) -> Iterator[T]:
        """All pages of a list, each asked for when it is reached."""
        cursor: str | None = ""
        while cursor is not None:
            page = Fields(self._connection.json(Request("GET", name, {"cursor": cursor} if cursor else {})))
            yield from page.each(name, read)
            following = page.text_or_none("next")
            if following is not None and following in ("", cursor):
                raise bad_answer("The server's list leads back to the same page.")
            cursor = following


def _segment(name: str) -> str:
    """One part of an address, whatever it holds."""
    if name in ("", ".", ".."):
        raise BatonError(f"{name!r} is no name.", code="invalid_value", cure="Give a slug that `graphs` shows.")
    return quote(name, safe="")


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise BatonError(f"{text[:60]!r} is no id of a run.", code="invalid_value", cure="Give the id that `start` gave.") from None
