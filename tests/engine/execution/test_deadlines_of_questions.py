"""When the time of a question comes: what was answered before counts, and nobody is cut short by another clock."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.errors import HostUnavailable
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Path
from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench
from tests.graphs import edge, graph, node

ASK = Path("ask#1/human.1")


def loop_us() -> int:
    return int(asyncio.get_running_loop().time() * 1e6)


class LoopClock:
    """Time passes for the run as it does for the loop that the run waits on."""

    def now_us(self) -> int:
        return loop_us()

    def random(self) -> float:
        return 0.5


@dataclass
class Post:
    """An inbox: `arrives` is called each time it is looked into; `behind_us` is how far the clock of deadlines is behind."""

    arrives: Callable[[], object] = lambda: None
    behind_us: int = 0
    looked: list[int] = field(default_factory=list)

    async def settle(self) -> int:
        self.arrives()
        self.looked.append(loop_us() - self.behind_us)
        return self.looked[-1]


def asking(deadline_s: float) -> Graph:
    nodes = [node("start", "input"), node("ask", "human", {"deadline_s": deadline_s}), node("yes", "output", {"value": "'yes'"})]
    nodes += [node("late", "output", {"value": "'late'"})]
    return graph(nodes, [edge("start", "ask"), edge("ask.approve", "yes"), edge("ask.expired", "late")])


def runner_of(rig: Bench, post: Post) -> Runner:
    host = replace(rig.runner()._host, inbox=post, clock=LoopClock())
    return Runner(rig.graph, fold(rig.log.events), host, run_id="run")


async def test_question_expires_once_its_time_has_come() -> None:
    rig, post = Bench(asking(0.03)), Post()
    state = await rig.go(None, runner_of(rig, post))
    assert (state.output, len(post.looked)) == ("late", 1)


async def test_answer_that_was_accepted_before_the_deadline_counts() -> None:
    rig, post = Bench(asking(0.03)), Post()
    runner = runner_of(rig, post)
    post.arrives = lambda: runner.deliver(ASK, {"action": "approve"}, "ann")
    state = await rig.go(None, runner)
    assert state.output == "yes"


async def test_question_rests_on_while_the_clock_of_deadlines_is_behind() -> None:
    rig, post = Bench(asking(0.03)), Post(behind_us=50_000)
    runner = runner_of(rig, post)

    async def answer_late() -> None:
        await asyncio.sleep(0.05)
        assert runner.deliver(ASK, {"action": "approve"}, "ann")

    answering = asyncio.ensure_future(answer_late())
    state = await rig.go(None, runner)
    await answering
    assert state.output == "yes" and post.looked


async def test_run_is_given_back_when_nobody_can_say_what_was_accepted() -> None:
    def away() -> None:
        raise HostUnavailable("The database is away")

    rig = Bench(asking(0.03))
    with pytest.raises(HostUnavailable, match="away"):
        await rig.go(None, runner_of(rig, Post(away)))
    assert fold(rig.log.events).status is RunStatus.RUNNING
    assert (await rig.go(None, runner_of(rig, Post()))).output == "late"


async def test_unpausing_does_not_let_a_run_go_on_that_cannot() -> None:
    rig = Bench(asking(0.03))
    runner = runner_of(rig, Post())

    def away() -> None:
        asyncio.get_running_loop().call_soon(runner.unpause, "ann")
        raise HostUnavailable("The database is away")

    rig = Bench(asking(0.03))
    post = Post(away)
    runner = runner_of(rig, post)
    with pytest.raises(HostUnavailable):
        await rig.go(None, runner)
    assert runner.at_work == 0
