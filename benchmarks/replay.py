"""How fast a run's log becomes its state again."""

from benchmarks.measuring.figure import Figure
from benchmarks.measuring.race import computed, race
from benchmarks.measuring.scratch import prepare_django
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.log.events import Event, RunClaimed
from orchestrator.engine.log.run_state import RunState, fold

NODES = 5_000


def measure(*, quick: bool) -> list[Figure]:
    prepare_django()
    from runs.log import blobs

    events = _log()
    texts = [blobs.dump(event, {}.__setitem__) for event in events]
    contenders = {"fold": computed(lambda: fold(events)), "read": computed(lambda: fold([blobs.load(text, {}) for text in texts]))}
    taken = race(contenders, 3 if quick else 9)
    return [
        Figure("fold of events", "events/s", len(events) / taken["fold"], 50_000, more_is_better=True),
        Figure("fold of JSON texts", "events/s", len(events) / taken["read"], more_is_better=True),
    ]


def _log() -> list[Event]:
    import asyncio

    from benchmarks.engine import ListLog, host
    from tests.graphs import chain

    log = ListLog()
    runner = Runner(chain(NODES), RunState(), host(log), run_id="run")
    asyncio.run(runner.run(1, RunClaimed(worker="bench", epoch=1, cause="first")))
    return log.events
