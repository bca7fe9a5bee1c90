"""Runs a starter on the real engine, with the demo model and the real tools, people answered by a function."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from editor.starters.catalog import Starter
from orchestrator.capabilities.language_models.demo.model import DemoModel
from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.router import language_model
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.effects.human import HumanRequest
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Json
from orchestrator.engine.log.event import Event
from orchestrator.engine.log.events import RunClaimed
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import EffectStatus, RunStatus
from orchestrator.engine.ports import CallContext, LanguageModel
from orchestrator.engine.testing import FixedAuthority, ManualClock, MemoryLog, host_of
from tests.model_server import ModelServer

Person = Callable[[HumanRequest], Json]


@dataclass
class Run:
    state: RunState
    asked: list[HumanRequest] = field(default_factory=list)
    log: list[Event] = field(default_factory=list)

    @property
    def output(self) -> dict[str, Json]:
        assert isinstance(self.state.output, dict), self.state.error
        return self.state.output


class Hasty(DemoModel):
    """The demo model without its pauses; remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        self.requests.append(request)
        return await super().complete(request.model_copy(update={"model": "demo/instant"}), call)


def on_openai(starter: Starter, server: ModelServer) -> tuple[Starter, LanguageModel]:
    """The starter with nothing changed but its agents' models, and what asks them: over HTTP, at the test server."""
    agents = starter.document["agents"]
    assert isinstance(agents, dict)
    swapped: dict[str, Json] = {name: agent | {"model": "openai/gpt-x"} for name, agent in agents.items() if isinstance(agent, dict)}
    model = language_model(keys=ProviderKeys(environment={"OPENAI_API_BASE": server.base}))
    return replace(starter, document=starter.document | {"agents": swapped}), model


def prompt(server: ModelServer, number: int) -> str:
    """The last message of the request of that number."""
    return str(server.requests[number].body["messages"][-1]["content"])


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
    return Run(fold(log.events), asked, list(log.events))
