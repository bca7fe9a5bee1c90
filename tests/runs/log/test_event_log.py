"""The log: what goes in comes out, once, in order, and only from who owns the run."""

import asyncio
import json
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db.models.functions import Now

from orchestrator.engine.errors import LeaseLost
from orchestrator.engine.ids import ROOT, NodeId, Path, PortName
from orchestrator.engine.log.events import EffectFinished, Event, NodeStarted, RunClaimed, RunStarted, run_event
from runs.leases.claim import Claim
from runs.leases.lease import claim_named
from runs.log import blobs
from runs.log.batch import Batch
from runs.log.run_log import FIRST, PAGE_CHARS, RunLog, load, read_after
from runs.log.writer import LogWriter
from runs.models import Blob, Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.runs.factories import world

BIG = "x" * 20_000


def dumped(event: Event) -> tuple[dict[str, Any], dict[str, str]]:
    kept: dict[str, str] = {}
    return json.loads(blobs.dump(event, kept.__setitem__)), kept


def back(event: Event) -> Event:
    kept: dict[str, str] = {}
    return blobs.load(blobs.dump(event, kept.__setitem__), kept)


@pytest.mark.parametrize(
    "value",
    [
        None,
        BIG,
        {"text": BIG, "n": 1},
        [BIG, BIG + "y", {"deep": {"deeper": BIG}}],
        list(range(10_000)),
        {"$blob": "mine", "$$blob": 2, "size": 3},
        [{"$blob": BIG}],
        "\ud800 half",
        "nul \u0000",
        {"ключ": "значение" * 5000},
    ],
)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    for event in (
        RunStarted(seq=1, at_us=1, input=value),
        NodeStarted(seq=2, at_us=1, path=Path("a#1"), scope=ROOT, node=NodeId("a"), activation=1, inputs={PortName("in"): value}),
        EffectFinished(seq=3, at_us=1, path=Path("a#1/tool.1"), result=value),
    ):
        assert back(event) == event


def test_only_the_big_part_is_taken_out_with_a_preview() -> None:
    data, kept = dumped(RunStarted(seq=1, at_us=1, input={"small": 1, "big": BIG}))
    reference = data["input"]["big"]
    assert data["input"]["small"] == 1
    assert reference == {"$blob": next(iter(kept)), "size": len(BIG) + 2, "preview": ('"' + BIG)[:400]}
    assert json.loads(kept[reference["$blob"]]) == BIG


def test_a_list_of_many_small_things_is_one_big_part() -> None:
    data, kept = dumped(RunStarted(seq=1, at_us=1, input={"rows": [{"n": n} for n in range(5000)]}))
    assert "$blob" in data["input"]["rows"] and len(kept) == 1


def claimed(run: Run) -> Claim:
    """No worker renews it: it holds as long as a slow machine takes."""
    [claim] = claim_named("me", 10, {run.pk: run.tenant_id})
    claim.valid_until += 600
    return claim


def started(seq: int, text: str = "") -> NodeStarted:
    inputs = {PortName("in"): text}
    return NodeStarted(seq=seq, at_us=seq, path=Path(f"a#{seq}"), scope=ROOT, node=NodeId("a"), activation=seq, inputs=inputs)


async def written(
    claims: Sequence[Claim], batches: Sequence[Sequence[Event]], on_commit: Callable[[Sequence[Batch]], None] = lambda _batches: None
) -> list[bool]:
    """Append to all logs at once; which of them took it."""
    writer = LogWriter(on_commit)
    writer.start()
    logs = [RunLog(claim, writer, lambda *_: None) for claim in claims]

    async def write(log: RunLog, events: Sequence[Event]) -> bool:
        log.append(events)
        try:
            await log.flush()
        except LeaseLost:
            return False
        return True

    try:
        return list(await asyncio.gather(*map(write, logs, batches)))
    finally:
        writer.stop()


async def test_what_follows_at_once_is_handed_over_together_and_what_is_left_at_the_end_as_well() -> None:
    handed: list[list[int]] = []

    class Writer:
        def append(self, _to: object, events: Sequence[Event], _flush: object = None) -> None:
            handed.append([event.seq for event in events])

    log = RunLog(cast(Any, SimpleNamespace(run=SimpleNamespace(last_seq=0))), cast(Any, Writer()), lambda *_: None)
    log.append([started(1)])
    asyncio.get_running_loop().call_soon(log.append, [started(2)])
    for _ in range(3):
        await asyncio.sleep(0)
    assert handed == [[1, 2]]
    log.append([started(3)])
    log.hand_over()
    assert handed == [[1, 2], [3]]
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(handed) == 2


@pytest.mark.usefixtures("database")
class TestWriting:
    @pytest.fixture(autouse=True)
    def platform(self) -> Any:
        with system_scope():
            yield

    def test_what_was_appended_is_read_back_in_order(self) -> None:
        run, beside = world().run("x"), world().run("y")
        asyncio.run(written([claimed(beside)], [[RunStarted(seq=1, at_us=1, input="y"), started(2), started(3), started(4)]]))
        events = [
            RunStarted(seq=1, at_us=1, input={"big": BIG}),
            RunClaimed(seq=2, at_us=2, worker="me", epoch=1, cause="first"),
            started(3),
        ]
        assert asyncio.run(written([claimed(run)], [events])) == [True]
        assert load(run) == events
        assert [seq for seq, _ in read_after(run.pk, 1, 10)] == [2, 3]
        assert run_event.validate_json(read_after(run.pk, 2, 1)[0][1]) == events[2]

    @pytest.mark.parametrize("sizes", [[100] * 3000, [16_000] * 500, [100] * 80 + [16_000] * 900, [5_000_000] * 3, []], ids=len)
    def test_pages_hold_little_at_a_time_and_everything_in_the_end(self, sizes: list[int]) -> None:
        run = world().run("x")
        about = {"tenant_id": run.tenant_id, "run": run, "type": "event", "at_us": 1}
        rows = [RunEvent(seq=seq, payload="x" * size, **about) for seq, size in enumerate(sizes, 1)]
        RunEvent.objects.bulk_create(rows, batch_size=500)
        seen = []
        while page := read_after(run.pk, len(seen), 1000):
            assert len(page) <= 1000 and sum(len(text) for _, text in page) < 3 * PAGE_CHARS + max(sizes) * FIRST
            seen += [(seq, len(text)) for seq, text in page]
        assert seen == list(enumerate(sizes, 1))

    def test_the_same_big_value_is_stored_once_in_a_tenant(self) -> None:
        place = world()
        for run in (place.run(), place.run()):
            asyncio.run(written([claimed(run)], [[RunStarted(seq=1, at_us=1, input=BIG), started(2, BIG)]]))
        assert Blob.objects.count() == 1

    def test_a_former_owner_is_refused_and_the_other_runs_of_the_commit_pass(self) -> None:
        place = world()
        lost, kept = place.run(), place.run()
        claims = [claimed(lost), claimed(kept)]
        Run.objects.filter(pk=lost.pk).update(due_at=Now())
        [taken] = claim_named("other", 10, {lost.pk: lost.tenant_id})
        batches = [[started(1)], [started(1)]]
        assert asyncio.run(written(claims, batches)) == [False, True]
        assert not RunEvent.objects.filter(run=lost).exists() and RunEvent.objects.filter(run=kept).count() == 1
        assert asyncio.run(written([taken], [[started(1)]])) == [True]

    def test_a_number_that_is_taken_already_is_refused(self) -> None:
        run = world().run()
        claim = claimed(run)
        assert asyncio.run(written([claim], [[started(1), started(2)]])) == [True]
        assert asyncio.run(written([claim], [[started(2)]])) == [False]
        assert RunEvent.objects.filter(run=run).count() == 2

    def test_many_runs_share_commits(self) -> None:
        place = world()
        for _ in range(50):
            place.run()
        claims = claim_named("me", 50, dict(Run.objects.values_list("pk", "tenant")))
        shared: list[int] = []
        assert all(asyncio.run(written(claims, [[started(seq) for seq in range(1, 5)]] * 50, lambda batches: shared.append(len(batches)))))
        assert RunEvent.objects.count() == 200
        assert sum(shared) == 50 and len(shared) < 10, shared
