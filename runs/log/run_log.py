"""A run's log: written by the worker that claimed it, read by whoever may see the run."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from orchestrator.engine.ids import Path
from orchestrator.engine.log.events import Event
from orchestrator.engine.log.upcast import upcast_text
from runs.leases.claim import Claim, Ending
from runs.log import blobs
from runs.log.batch import WrittenRun
from runs.log.writer import LogWriter
from runs.models import Blob, Run, RunEvent

ShowDelta = Callable[[UUID, Path, str], None]
FIRST = 250
PAGE_CHARS = 2 * 1024 * 1024
"""Of events that are read to be shown: so many first, then as many more as this leaves room for if they are as large as those."""


class RunLog:
    """The EventSink of one claimed run. Lives on the worker's loop."""

    def __init__(self, claim: Claim, writer: LogWriter, show: ShowDelta) -> None:
        self.claim = claim
        self.written = WrittenRun(claim, claim.run.last_seq)
        """What the writer's thread knows of the run."""
        self._writer = writer
        self._show = show
        self._loop = asyncio.get_running_loop()
        self._gathered: list[Event] = []

    def append(self, events: Sequence[Event]) -> None:
        """Hand events to the writer after the loop's next turn, so that what follows from them at once goes along."""
        if not self._gathered:
            self._loop.call_soon(self._turned)
        self._gathered.extend(events)

    async def flush(self) -> None:
        done: asyncio.Future[None] = self._loop.create_future()
        self.hand_over(done)
        await done
        if self.claim.ending is not Ending.RECORDED:
            await self.claim.hold()

    def _turned(self) -> None:
        self._loop.call_soon(self.hand_over)

    def hand_over(self, flush: asyncio.Future[None] | None = None) -> None:
        """Give the writer what was appended, now: before it stops, nothing may be left here."""
        gathered, self._gathered = self._gathered, []
        if gathered or flush is not None:
            self._writer.append(self.written, gathered, flush)

    def delta(self, path: Path, text: str) -> None:
        self._show(self.claim.run_id, path, text)


@dataclass(frozen=True, slots=True)
class StoredLog:
    """A run's log as the database has it: JSON texts, and the big values by their hash."""

    payloads: Sequence[str] = ()
    content: Mapping[str, str] = field(default_factory=dict)

    def events(self) -> list[Event]:
        """The events, with their big values put back. Raises UnknownEvent, ValueError and KeyError."""
        return [blobs.load(payload, self.content) for payload in self.payloads]


def load(run: Run) -> list[Event]:
    """The whole log, with its big values put back."""
    return stored_logs([run])[run.pk].events()


def stored_logs(runs: Iterable[Run]) -> dict[UUID, StoredLog]:
    """The whole logs of several runs, by two queries at most."""
    tenants = {run.pk: run.tenant_id for run in runs}
    payloads: dict[UUID, list[str]] = {run_id: [] for run_id in tenants}
    for run_id, payload in RunEvent.objects.filter(run__in=list(tenants)).order_by("run", "seq").values_list("run", "payload"):
        payloads[run_id].append(payload)
    wanted = {(tenants[run_id], sha256) for run_id, texts in payloads.items() for text in texts for sha256 in blobs.references(text)}
    content = _content(wanted)
    return {run_id: StoredLog(texts, content[tenants[run_id]]) for run_id, texts in payloads.items()}


def _content(wanted: Collection[tuple[UUID, str]]) -> Mapping[UUID, dict[str, str]]:
    """Big values by tenant and hash."""
    found: defaultdict[UUID, dict[str, str]] = defaultdict(dict)
    if wanted:
        tenants, hashes = zip(*wanted, strict=True)
        for tenant, sha256, content in Blob.objects.filter(tenant__in=set(tenants), sha256__in=hashes).values_list(
            "tenant", "sha256", "content"
        ):
            found[tenant][sha256] = content
    return found


def read_after(run_id: UUID, after: int, limit: int) -> list[tuple[int, str]]:
    """Up to `limit` events that follow number `after`: their numbers and JSON texts, in the present form.

    Fewer when they are large, so that a page costs a bounded amount of memory, but one at least if there is one.
    """
    rows: list[tuple[int, str]] = []
    wanted, chars = min(FIRST, limit), 0
    while wanted > 0:
        last = after + len(rows)  # numbers have no gaps, and a range of them is found without sorting the rest of the log
        page = RunEvent.objects.filter(run=run_id, seq__gt=last, seq__lte=last + wanted)
        more = page.order_by("seq").values_list("seq", "payload")
        rows += more
        chars += sum(len(payload) for _, payload in more)
        if len(more) < wanted:
            break
        wanted = min(limit - len(rows), 4 * len(rows), (PAGE_CHARS - chars) * len(rows) // chars)
    return [(seq, upcast_text(payload)) for seq, payload in rows]


def holds_blob(run: Run, sha256: str) -> bool:
    """Whether an event of the run refers to this big value."""
    return RunEvent.objects.filter(run=run, payload__contains=blobs.reference_text(sha256)).exists()
