"""One scope at work, from the nodes that are due first until nothing is left to do in it.

A walker executes a node and goes on to the next one that its end makes due; where several
become due at once, each further one gets a walker of its own.
"""

import asyncio
from functools import partial

from orchestrator.engine import events as ev
from orchestrator.engine.ids import Json, NodeId, Scope, step_path
from orchestrator.engine.plan import Plan
from orchestrator.engine.run_state import Activation, ScopeState
from orchestrator.engine.scheduling import Fire, Move, Schedule
from orchestrator.engine.step import Step, StepDoors
from orchestrator.engine.strands import Places, Strand


class ScopeRun:
    """`strand` is whoever waits for the scope; it rests while the walkers work."""

    def __init__(self, plan: Plan, scope: Scope, state: ScopeState, doors: StepDoors, strand: Strand, places: Places | None) -> None:
        self._plan = plan
        self._scope = scope
        self._state = state
        self._schedule = Schedule(plan, state)
        self._doors = doors
        self._strand = strand
        self._places = places
        self._walkers: dict[asyncio.Task[None], Strand] = {}
        self._all_ended = asyncio.get_running_loop().create_future()
        self._failure: BaseException | None = None

    async def run(self) -> Json:
        """What the scope delivers. The first failure of a walker ends the others and is raised."""
        for fire in self._due([*_unended(self._state.activations), *self._schedule.resume()]):
            self._begin(fire)
        try:
            if self._walkers:
                self._strand.rest()
                await self._all_ended
        finally:
            self._strand.wake()
            await self._end_walkers()
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
        strand = self._strand.fork()
        strand.deadline = None
        walker = asyncio.ensure_future(self._walk(fire, strand))
        self._walkers[walker] = strand
        walker.add_done_callback(partial(self._walker_ended, strand))

    async def _walk(self, fire: Fire, strand: Strand) -> None:
        while True:
            step = Step(self._doors, self._plan.nodes[fire.node], self._scope, fire, self._schedule)
            edges = await step.run(strand, self._places)
            due = self._due(self._schedule.ended(fire.node, fire.activation, edges))
            if not due:
                return
            await asyncio.sleep(0)  # whatever else lives on the loop gets its turn between two nodes
            fire, *others = due
            for other in others:
                self._begin(other)

    def _walker_ended(self, strand: Strand, walker: asyncio.Task[None]) -> None:
        del self._walkers[walker]
        failure = asyncio.CancelledError() if walker.cancelled() else walker.exception()
        if not self._all_ended.done() and (failure is not None or not self._walkers):
            self._failure = failure
            self._strand.wake()  # before the last walker rests, so that the run is not taken for idle
            self._all_ended.set_result(None)
        strand.rest()

    async def _end_walkers(self) -> None:
        walkers = list(self._walkers)
        for walker in walkers:
            walker.cancel()
        await asyncio.gather(*walkers, return_exceptions=True)


def _unended(activations: dict[NodeId, dict[int, Activation]]) -> list[Move]:
    """Activations that were under way when the log ended."""
    return [
        Fire(name, number, activation.inputs)
        for name, numbers in activations.items()
        for number, activation in numbers.items()
        if not activation.status.ended
    ]
