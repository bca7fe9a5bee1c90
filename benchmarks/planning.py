"""What each way of planning adds to a turn of an agent: a model that answers at once, the whole log in memory."""

import asyncio
from functools import partial

from benchmarks.engine import ListLog, MachineClock
from benchmarks.measuring.figure import Figure
from benchmarks.measuring.race import computed, race
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.log.events import RunClaimed
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import FixedAuthority, MemoryTools, ScriptedModel, host_of
from tests.engine.agents.planning.thinker import STRATEGIES, Thinker, planner

GOAL_MS = 2.0
GRAPHS = {strategy: planner(strategy) for strategy in STRATEGIES}
TIMES = 20
"""Agents one after the other in one measured stretch."""


def measure(*, quick: bool) -> list[Figure]:
    turns = {strategy: asyncio.run(_worked(strategy)) for strategy in STRATEGIES}
    contenders = {strategy: computed(partial(_run, strategy)) for strategy in STRATEGIES}
    taken = race(contenders, 3 if quick else 9)
    direct = taken["direct"] / TIMES / turns["direct"] * 1000
    return [
        Figure(f"a turn, {strategy}", "ms", taken[strategy] / TIMES / turns[strategy] * 1000, GOAL_MS, direct) for strategy in STRATEGIES
    ]


def _run(strategy: str) -> None:
    asyncio.run(_several(strategy))


async def _several(strategy: str) -> None:
    for _ in range(TIMES):
        await _worked(strategy)


async def _worked(strategy: str) -> int:
    """How many model calls one agent's work took."""
    thinker = Thinker()
    host = host_of(ScriptedModel(answer=thinker), MemoryTools({"pay": lambda _: "paid"}), ListLog(), FixedAuthority(), MachineClock())
    runner = Runner(GRAPHS[strategy], RunState(), host, run_id="run")
    assert await runner.run("task", RunClaimed(worker="bench", epoch=1, cause="first")) is RunStatus.SUCCEEDED
    return thinker.calls
