"""One scope at work, from the nodes that are due first until nothing is left to do in it.

A task executes a node and goes on to the next one that its end makes due; where several
become due at once, each further one gets a task of its own.
"""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from orchestrator.engine.errors import EngineError
from orchestrator.engine.execution.branches import Branch, Crew
from orchestrator.engine.execution.firing.plan import Plan
from orchestrator.engine.execution.firing.schedule import Fire, Move, Schedule
from orchestrator.engine.execution.step import Step
from orchestrator.engine.ids import Json, NodeId, Scope, step_path
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.scope_state import Activation

if TYPE_CHECKING:
    from orchestrator.engine.execution.run_context import RunContext

TURN_NODES, TURN_S = 16, 0.05
"""How many nodes that wait for nothing may follow each other, and for how long, before the loop gets its turn."""


class ScopeRun:
    """`branch` is whoever waits for the scope; `origin` is the scope whatever the attempts around it."""

    def __init__(self, run: "RunContext", plan: Plan, scope: Scope, origin: str, branch: Branch) -> None:
        self._run = run
        self._plan = plan
        self._scope = scope
        self._origin = origin
        self._state = run.state.scopes[scope]
        self._schedule = Schedule(plan, self._state)
        self._crew = Crew(branch)

    async def run(self) -> Json:
        """What the scope delivers. The first failure of a node ends the others and is raised."""
        if self._state.failure is not None:  # recorded by a worker that died before it could say what came of it
            raise EngineError.of(self._state.failure)
        for fire in self._due([*_unended(self._state.activations), *self._schedule.resume()]):
            self._crew.add(partial(self._follow, fire))
        await self._crew.join()
        return self._schedule.result()

    def _due(self, moves: list[Move]) -> list[Fire]:
        """The nodes to execute now. Those that can no longer be reached are recorded as skipped."""
        due: list[Fire] = []
        for move in moves:
            if isinstance(move, Fire):
                due.append(move)
            else:
                path = step_path(self._scope, move.node, move.activation)
                self._run.journal.record(ev.NodeSkipped(path=path, scope=self._scope, node=move.node, activation=move.activation))
        return due

    async def _follow(self, fire: Fire, branch: Branch) -> None:
        loop = asyncio.get_running_loop()
        began, nodes = loop.time(), 0
        while True:
            step = Step(self._run, self._plan.nodes[fire.node], self._scope, self._origin, fire, self._schedule, branch)
            edges = await step.run()
            due = self._due(self._schedule.ended(fire.node, fire.activation, edges))
            if not due:
                return
            fire, *others = due
            for other in others:
                self._crew.add(partial(self._follow, other))
            nodes += 1
            if nodes == TURN_NODES or loop.time() - began > TURN_S:
                await asyncio.sleep(0)
                began, nodes = loop.time(), 0


def _unended(activations: dict[NodeId, dict[int, Activation]]) -> list[Move]:
    """Activations that were under way when the log ended."""
    return [
        Fire(name, number, activation.inputs)
        for name, numbers in activations.items()
        for number, activation in numbers.items()
        if not activation.status.ended
    ]
