"""Runs a starter on the real engine, with the demo model and the real tools, people answered by a function."""

from collections.abc import Callable
from dataclasses import dataclass, field

from editor.starters.catalog import Starter
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.human import HumanRequest
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import RunClaimed
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import EffectStatus, RunStatus
from orchestrator.engine.ports import LanguageModel
from orchestrator.engine.testing import FixedAuthority, ManualClock, MemoryLog, host_of

Person = Callable[[HumanRequest], Json]


@dataclass
class Run:
    state: RunState
    asked: list[HumanRequest] = field(default_factory=list)

    @property
    def output(self) -> dict[str, Json]:
        assert isinstance(self.state.output, dict), self.state.error
        return self.state.output


def approve(_request: HumanRequest) -> Json:
    return {"action": "approve", "value": None, "comment": ""}


async def run_starter(starter: Starter, run_input: Json, model: LanguageModel, person: Person = approve) -> Run:
    """Run to the end; whenever the run waits, `person` answers everything that is asked."""
    log = MemoryLog()
    asked: list[HumanRequest] = []
    for epoch in range(1, 10):
        host = host_of(model, toolbox(files=starter.files), log, FixedAuthority(), ManualClock())
        runner = Runner(Graph.model_validate(starter.document), fold(log.events), host, run_id="run")
        for path, effect in list(runner.state.effects.items()):
            if effect.status is EffectStatus.WAITING:
                request = HumanRequest.model_validate(effect.request)
                asked.append(request)
                assert runner.deliver(path, person(request), "tester")
        status = await runner.run(run_input, RunClaimed(worker="tester", epoch=epoch, cause="first" if epoch == 1 else "woken"))
        if status is not RunStatus.WAITING:
            break
    return Run(fold(log.events), asked)
