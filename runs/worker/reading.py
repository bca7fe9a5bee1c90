"""What is read of claimed runs before they execute. Those claimed together are read together: each visit to the database costs the same."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import DatabaseError, InterfaceError
from pydantic import ValidationError

from editor.versions.frozen import graph_of
from orchestrator.capabilities.embeddings.embedder import WITHOUT_KEYS, Embedder
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.gate import Authority
from orchestrator.engine.errors import EngineError
from orchestrator.engine.ids import Path
from orchestrator.engine.log.events import EffectStarted
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.ports import LanguageModel, ToolBox
from runs.log.run_log import StoredLog, stored_logs
from runs.models import Command, Run
from runs.worker.inbox import commands_by_run
from tenants.isolation.database import DatabaseThreads, is_away

RUNS_AT_ONCE = 32
EVENTS_AT_ONCE = 2_000
"""More than that of one run is read alone: it is in memory at once."""


class CannotStart(Exception):
    """The run cannot be executed; `detector` names who found out."""

    def __init__(self, detector: str, detail: str) -> None:
        super().__init__(detail)
        self.detector = detector
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Resources:
    """What a run's tenant and graph lend it."""

    models: LanguageModel
    tools: ToolBox
    authority: Authority
    embedder: Embedder = WITHOUT_KEYS


class ResourceSource(Protocol):
    def resources_of(self, runs: Sequence[Run]) -> list[Resources]:
        """The resources of each run. May read the database; called outside the loop."""
        ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything read for a run before it executes."""

    graph: Graph
    state: RunState
    open_effects: dict[Path, EffectStarted]
    resources: Resources
    commands: Sequence[Command]


Outcome = Loaded | Exception


class Reader:
    """Reads what is asked for in one turn of the worker's loop by one visit. Lives on that loop."""

    def __init__(self, threads: DatabaseThreads, source: ResourceSource) -> None:
        self._threads = threads
        self._source = source
        self._asked: list[tuple[Run, asyncio.Future[Loaded]]] = []
        self._visits: set[asyncio.Task[None]] = set()

    async def read(self, run: Run) -> Loaded:
        """Raises CannotStart, UnknownEvent when a later build wrote the run's log, and the database's errors."""
        loop = asyncio.get_running_loop()
        if not self._asked:
            loop.call_soon(self._turned)
        loaded: asyncio.Future[Loaded] = loop.create_future()
        self._asked.append((run, loaded))
        return await loaded

    def _turned(self) -> None:
        asked, self._asked = self._asked, []
        for visit in _visits(asked):
            task = asyncio.get_running_loop().create_task(self._visit(visit))
            self._visits.add(task)
            task.add_done_callback(self._visits.discard)

    async def _visit(self, asked: Sequence[tuple[Run, asyncio.Future[Loaded]]]) -> None:
        try:
            outcomes = await self._threads.run(read_runs, [run for run, _ in asked], self._source)
        except Exception as error:  # noqa: BLE001 - it is raised where each run is waited for
            outcomes = [error] * len(asked)
        for (_, loaded), outcome in zip(asked, outcomes, strict=True):
            if loaded.done():  # nobody waits any more
                continue
            if isinstance(outcome, Exception):
                loaded.set_exception(outcome)
            else:
                loaded.set_result(outcome)


def _visits(asked: Sequence[tuple[Run, asyncio.Future[Loaded]]]) -> Iterator[list[tuple[Run, asyncio.Future[Loaded]]]]:
    visit: list[tuple[Run, asyncio.Future[Loaded]]] = []
    events = 0
    for run, loaded in asked:
        if visit and (len(visit) == RUNS_AT_ONCE or events + run.last_seq > EVENTS_AT_ONCE):
            yield visit
            visit, events = [], 0
        visit.append((run, loaded))
        events += run.last_seq
    if visit:
        yield visit


def read_runs(runs: Sequence[Run], source: ResourceSource) -> list[Outcome]:
    """What was read of each run, or why it cannot be. Raises only what passes by itself: see `is_away`."""
    try:
        begun = [run for run in runs if run.last_seq]
        logs = stored_logs(begun) if begun else {}
        commands, resources = commands_by_run(runs), source.resources_of(runs)
    except Exception as error:
        if is_away(error):
            raise
        if len(runs) == 1:
            return [error]
        return [outcome for run in runs for outcome in read_runs([run], source)]  # whose fault it is, and the others'
    return [_outcome(run, logs.get(run.pk, _EMPTY), commands.get(run.pk, ()), lent) for run, lent in zip(runs, resources, strict=True)]


_EMPTY = StoredLog()


def _outcome(run: Run, stored: StoredLog, commands: Sequence[Command], resources: Resources) -> Outcome:
    try:
        return read_run(run, stored, commands, resources)
    except (DatabaseError, InterfaceError) as error:
        if is_away(error):
            raise
        return error
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one run, the others are read
        return error


def read_run(run: Run, stored: StoredLog, commands: Sequence[Command], resources: Resources) -> Loaded:
    """Read the run's document and log. Raises CannotStart, and UnknownEvent when a later build wrote its log."""
    try:
        graph = graph_of(run.graph_version_id)
    except ValidationError as error:
        raise CannotStart("invalid_document", str(error.errors()[0]["msg"])) from error
    try:
        events = stored.events()
        state = fold(events)
    except (EngineError, ValueError, KeyError) as error:
        raise CannotStart("invalid_log", str(error)) from error
    begun = {event.path: event for event in events if isinstance(event, EffectStarted) and event.path in state.open_effects}
    return Loaded(graph, state, begun, resources, commands)
