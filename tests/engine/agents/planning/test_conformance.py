"""Every way of planning in every situation: the outcome, and what must always be true whatever happens.

The outcomes stand in `conformance.txt`, as a table for people; `GOLDEN=write` writes it anew.
"""

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path as File

import pytest

from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ModelError, ToolError
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import NodeFinished, RunEvent
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryTools, Reply, ScriptedModel, WorkerDied, says
from tests.engine.agents.planning.thinker import STRATEGIES, Thinker, planner
from tests.engine.execution.rough_world import WatchedLog

TABLE = File(__file__).with_name("conformance.txt")
HAPPENED: Json = {"action": "happened", "value": "paid"}
Situation = Callable[[str], Awaitable[str]]


class Desk:
    """One agent with one unsafe tool. `paid` counts what a witness outside saw, by the key of the call."""

    def __init__(self, strategy: str, thinker: Thinker | None = None, ask: bool = False, broken: bool = False, **limits: Json) -> None:
        self.paid: list[str] = []
        self.broken = broken
        self.model = ScriptedModel(answer=thinker or Thinker())
        self.tools = MemoryTools({"pay": self._pay}, safety=Safety.UNSAFE)
        authority = FixedAuthority({"pay": Verdict.ASK} if ask else {})
        self.rig = Bench(planner(strategy, limits=limits), model=self.model, tools=self.tools, authority=authority, log=WatchedLog())

    def _pay(self, _arguments: dict[str, Json]) -> Json:
        self.paid.append(self.tools.contexts[-1].idempotency_key)
        if self.broken:
            raise ToolError("No money.", cure="Go to the bank.")
        return f"paid {len(self.paid)}"

    async def work(self, prepare: Callable[[Runner], None] = lambda _: None) -> RunState:
        """One worker has the run until it lets go."""
        runner = self.rig.runner()
        assert isinstance(self.rig.log, WatchedLog)
        self.rig.log.live = runner.state
        prepare(runner)
        state = await self.rig.go("task", runner)
        assert runner.at_work == 0
        return state

    async def to_the_end(self) -> RunState:
        while not (state := await self.work(_answer_all)).status.terminal:
            assert state.status in (RunStatus.WAITING, RunStatus.PAUSED)
            if state.status is RunStatus.PAUSED:
                await self.work(lambda runner: runner.unpause("ann"))
        return state

    def told(self, state: RunState) -> str:
        """The outcome as a cell of the table."""
        assert len(set(self.paid)) == len(self.paid), "one call was made twice"
        assert fold(self.rig.log.events) == state
        error = f" ({state.error.code})" if state.error else ""
        return f"{state.status}{error}, {state.usage.calls} model calls, {len(self.paid)} payments"


def _answer_all(runner: Runner) -> None:
    for path in runner.state.waiting():
        request = runner.state.effects[path].request
        assert isinstance(request, dict)
        unknown = request["mode"] == "unknown_outcome"
        assert runner.deliver(path, HAPPENED if unknown else {"action": "approve"}, "ann", "7")


async def success(strategy: str) -> str:
    desk = Desk(strategy)
    state = await desk.to_the_end()
    assert state.output == "done"
    return desk.told(state)


async def tool_error(strategy: str) -> str:
    desk = Desk(strategy, broken=True)
    return desk.told(await desk.to_the_end())


async def model_error(strategy: str) -> str:
    down: Reply = ModelError("It is down.")
    desk = Desk(strategy, Thinker({2: lambda: down}))
    return desk.told(await desk.to_the_end())


async def refusal(strategy: str) -> str:
    desk = Desk(strategy, Thinker({2: lambda: says("I will not.").model_copy(update={"finish": "refused"})}))
    return desk.told(await desk.to_the_end())


async def person_inside(strategy: str) -> str:
    desk = Desk(strategy, ask=True)
    return desk.told(await desk.to_the_end())


async def limit_reached(strategy: str) -> str:
    desk = Desk(strategy, max_iterations=1 if strategy in ("direct", "react") else 2)
    return desk.told(await desk.to_the_end())


async def replay(strategy: str) -> str:
    desk = Desk(strategy)
    await desk.to_the_end()
    await _replays(strategy, desk.rig.log.events)
    return "the same, nothing done again"


async def crash_at_every_event(strategy: str) -> str:
    whole = Desk(strategy)
    expected = whole.told(await whole.to_the_end())
    for death in range(1, len(whole.rig.log.events)):
        desk = Desk(strategy)
        desk.rig.log = WatchedLog(die_after=death)
        with pytest.raises(WorkerDied):
            await desk.to_the_end()
        desk.rig.log = WatchedLog(desk.rig.log.events)
        state = await desk.to_the_end()
        assert (state.status, state.output) == (RunStatus.SUCCEEDED, "done"), death
        assert desk.told(state).split(",")[0] == expected.split(",")[0]
        assert len(desk.paid) <= len(whole.paid)
    return "succeeded, nothing paid twice"


async def _at_every_event(strategy: str, command: Callable[[Runner], None]) -> list[RunState]:
    whole = Desk(strategy)
    await whole.to_the_end()
    found = []
    for moment in range(2, len(whole.rig.log.events)):
        desk = Desk(strategy)
        runner = desk.rig.runner()
        desk.rig.log = log = WatchedLog(at={moment: lambda runner=runner: command(runner)})  # type: ignore[misc]
        runner = desk.rig.runner()
        log._at = {moment: lambda runner=runner: command(runner)}  # type: ignore[misc]
        log.live = runner.state
        state = await desk.rig.go("task", runner)
        if state.status is RunStatus.PAUSED:
            await desk.work(lambda runner: runner.unpause("ann"))
        state = desk.rig.runner().state
        if not state.status.terminal:
            state = await desk.to_the_end()
        desk.told(state)
        found.append(state)
    return found


async def cancel_at_every_event(strategy: str) -> str:
    states = await _at_every_event(strategy, lambda runner: runner.cancel("ann", "enough"))
    assert {state.status for state in states} <= {RunStatus.CANCELLED, RunStatus.SUCCEEDED}
    assert sum(state.status is RunStatus.CANCELLED for state in states) > len(states) / 2
    return "cancelled, nothing paid twice"


async def pause_at_every_event(strategy: str) -> str:
    states = await _at_every_event(strategy, lambda runner: runner.pause("ann"))
    assert {(state.status, str(state.output)) for state in states} == {(RunStatus.SUCCEEDED, "done")}
    return "succeeded after it, nothing paid twice"


async def told_at_every_event(strategy: str) -> str:
    """Whatever a person says is read once, by whichever turn comes next; a replay reads it at the same one."""
    whole = Desk(strategy)
    await whole.to_the_end()
    read = 0
    for moment in range(3, len(whole.rig.log.events)):
        desk = Desk(strategy)
        log = desk.rig.log
        assert isinstance(log, WatchedLog)
        runner = desk.rig.runner()
        log._at = {moment: lambda runner=runner: runner.tell("help#1", "Mind the gap.", "ann")}  # type: ignore[misc, arg-type]
        log.live = runner.state
        state = await desk.rig.go("task", runner)
        assert state.output == "done"
        heard = [request for request in desk.model.requests if any("Mind the gap." in message.text for message in request.messages)]
        read += bool(heard)
        assert bool(heard) == bool(state.notes.heard)
        await _replays(strategy, log.events)
    assert read
    return "read at the next turn, and by a replay"


async def _replays(strategy: str, events: list[RunEvent]) -> None:
    """Over all that the agent did, but not what came of it, nothing is asked or done or noted again, and the output is the same."""
    ended = next(index for index, event in enumerate(events) if isinstance(event, NodeFinished) and event.node == "help")
    again = Desk(strategy, Thinker({1: lambda: ModelError("asked again")}))
    again.rig.log = WatchedLog(events[:ended])
    state = await again.to_the_end()
    assert (again.model.requests, again.paid, state.output) == ([], [], "done")
    rest = [event.type for event in events[ended:] if event.type != "agent_told"]
    assert [event.type for event in again.rig.log.events[ended:]] == ["run_claimed", *rest], "a replay found something new to say"


SITUATIONS: dict[str, Situation] = {
    "success": success,
    "tool error": tool_error,
    "model error": model_error,
    "refusal": refusal,
    "person inside": person_inside,
    "crash at every event": crash_at_every_event,
    "cancel at every event": cancel_at_every_event,
    "limit reached": limit_reached,
    "replay": replay,
    "pause at every event": pause_at_every_event,
    "told at every event": told_at_every_event,
}


def rows() -> dict[str, dict[str, str]]:
    """The table as it stands, by strategy and situation."""
    lines = TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []
    found: dict[str, dict[str, str]] = {}
    for line in lines[2:]:
        strategy, situation, outcome = (cell.strip() for cell in line.split(" | "))
        found.setdefault(strategy, {})[situation] = outcome
    return found


def write(table: dict[str, dict[str, str]]) -> None:
    cells = [("strategy", "situation", "outcome"), ("-" * 20, "-" * 21, "-" * 50)]
    cells += [(strategy, name, table[strategy].get(name, "")) for strategy in STRATEGIES if strategy in table for name in SITUATIONS]
    TABLE.write_text("\n".join(f"{a:20} | {b:21} | {c}" for a, b, c in cells) + "\n", encoding="utf-8")


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_each_way_of_planning_in_each_situation(strategy: str, situation: str) -> None:
    outcome = await SITUATIONS[situation](strategy)
    table = rows()
    if os.environ.get("GOLDEN") == "write":
        table.setdefault(strategy, {})[situation] = outcome
        write(table)
    assert table.get(strategy, {}).get(situation) == outcome


def test_the_table_has_every_row() -> None:
    assert {name: set(cells) for name, cells in rows().items()} == {name: set(SITUATIONS) for name in STRATEGIES}
    assert json.dumps(list(rows())) == json.dumps(list(STRATEGIES))
