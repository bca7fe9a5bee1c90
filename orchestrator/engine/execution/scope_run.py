"""One scope at work, from the nodes that are due first until nothing is left to do in it.

A task executes a node and goes on to the next one that its end makes due; where several
become due at once, each further one gets a task of its own.
"""

import asyncio
from functools import partial

from orchestrator.engine.execution.branches import Branch, Slots
from orchestrator.engine.execution.plan import Plan
from orchestrator.engine.execution.scheduling import Fire, Move, Schedule
from orchestrator.engine.execution.step import Step, StepDoors
from orchestrator.engine.ids import Json, NodeId, Scope, step_path
from orchestrator.engine.log import events as ev
from orchestrator.engine.log.run_state import Activation, ScopeState


class ScopeRun:
    """`branch` is whoever waits for the scope; it rests while the tasks work."""

    def __init__(self, plan: Plan, scope: Scope, state: ScopeState, doors: StepDoors, branch: Branch, slots: Slots | None) -> None:
        self._plan = plan
        self._scope = scope
        self._state = state
        self._schedule = Schedule(plan, state)
        self._doors = doors
        self._branch = branch
        self._slots = slots
        self._tasks: dict[asyncio.Task[None], Branch] = {}
        self._all_ended = asyncio.get_running_loop().create_future()
        self._failure: BaseException | None = None

    async def run(self) -> Json:
        """What the scope delivers. The first failure of a task ends the others and is raised."""
        for fire in self._due([*_unended(self._state.activations), *self._schedule.resume()]):
            self._begin(fire)
        try:
            if self._tasks:
                self._branch.rest()
                await self._all_ended
        finally:
            self._branch.wake()
            await self._end_tasks()
        if self._failure is not None:
            raise self._failure
        return self._schedule.result()

    def _due(self, moves: list[Move]) -> list[Fire]:
        """The nodes to execute now. Those that can no longer be reached are recorded as skipped."""
        due: list[Fire] = []
        for move in moves:
            if isinstance(move, Fire):
                due.append(move)
            else:
                path = step_path(self._scope, move.node, move.activation)
                self._doors.record(ev.NodeSkipped(path=path, scope=self._scope, node=move.node, activation=move.activation))
        return due

    def _begin(self, fire: Fire) -> None:
        branch = self._branch.fork()
        branch.deadline = None
        task = asyncio.ensure_future(self._follow(fire, branch))
        self._tasks[task] = branch
        task.add_done_callback(partial(self._task_ended, branch))

    async def _follow(self, fire: Fire, branch: Branch) -> None:
        while True:
            step = Step(self._doors, self._plan.nodes[fire.node], self._scope, fire, self._schedule)
            edges = await step.run(branch, self._slots)
            due = self._due(self._schedule.ended(fire.node, fire.activation, edges))
            if not due:
                return
            await asyncio.sleep(0)  # whatever else lives on the loop gets its turn between two nodes
            fire, *others = due
            for other in others:
                self._begin(other)

    def _task_ended(self, branch: Branch, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        failure = asyncio.CancelledError() if task.cancelled() else task.exception()
        if not self._all_ended.done() and (failure is not None or not self._tasks):
            self._failure = failure
            self._branch.wake()  # before the last task rests, so that the run is not taken for idle
            self._all_ended.set_result(None)
        branch.rest()

    async def _end_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _unended(activations: dict[NodeId, dict[int, Activation]]) -> list[Move]:
    """Activations that were under way when the log ended."""
    return [
        Fire(name, number, activation.inputs)
        for name, numbers in activations.items()
        for number, activation in numbers.items()
        if not activation.status.ended
    ]
