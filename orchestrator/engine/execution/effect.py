"""Everything code inside a run can do to the world."""

from typing import Literal, Protocol

from orchestrator.engine.effects.child_run import RunWanted
from orchestrator.engine.effects.gate import GateDecision, GateRequest, GateSubject
from orchestrator.engine.effects.human import EXPIRED, HumanAnswer
from orchestrator.engine.effects.model import FilePart, ModelReply, ModelRequest, Usage
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext, FramesWanted, Host, ToolCall


class Effect(Protocol):
    """One thing to be done. What it is depends only on its fields; `fingerprint` proves it."""

    kind: str
    name: str
    agent: str
    safety: Safety
    begins_durably: bool
    """It begins when all before it is in the log for good; else while that is still being written."""

    def request(self) -> Json:
        """What will be done, as data for the log and for people."""
        ...

    def gate_request(self) -> GateRequest | None:
        """What the gate is asked; None for what needs no permission."""
        ...

    async def act(self, host: Host, call: CallContext) -> tuple[Json, Usage | None]:
        """Do it. Raises EngineError."""
        ...


class ModelCall:
    """Ask a language model."""

    kind = "model"
    safety = Safety.IDEMPOTENT
    begins_durably = False

    def __init__(self, request: ModelRequest, agent: str) -> None:
        self.name = request.model
        self.agent = agent
        self._request = request
        self._data: Json = request.model_dump(mode="json", exclude_defaults=True)

    def request(self) -> Json:
        return self._data

    def gate_request(self) -> GateRequest:
        return GateRequest(subject=GateSubject.MODEL, name=self.name, agent=self.agent)

    async def act(self, host: Host, call: CallContext) -> tuple[Json, Usage | None]:
        reply: ModelReply = await host.models.complete(self._request, call)
        return reply.model_dump(mode="json", exclude={"usage"}, exclude_defaults=True), reply.usage


class ToolUse:
    """Call a tool. `own_tools` is the agent's frozen list, None for a node a person drew."""

    kind = "tool"
    begins_durably = True

    def __init__(self, tool: str, arguments: dict[str, Json], *, agent: str, safety: Safety, own_tools: tuple[str, ...] | None) -> None:
        self.name = tool
        self.agent = agent
        self.safety = safety
        self.arguments = arguments
        self._own_tools = own_tools

    def request(self) -> Json:
        return {"tool": self.name, "arguments": self.arguments}

    def gate_request(self) -> GateRequest:
        return GateRequest(subject=GateSubject.TOOL, name=self.name, agent=self.agent, own_tools=self._own_tools, arguments=self.arguments)

    async def act(self, host: Host, call: CallContext) -> tuple[Json, Usage | None]:
        spec = host.tools.spec(self.name)
        result = await host.tools.call(ToolCall(tool=self.name, arguments=self.arguments), call)
        return result, Usage(cost_nano_usd=spec.price_nano_usd) if spec and spec.price_nano_usd else None


class StartRun:
    """Have a graph run as a run of its own. Its end is waited for apart from this: it may take days."""

    kind = "start_run"
    safety = Safety.IDEMPOTENT
    begins_durably = True

    def __init__(self, tool: str, wanted: RunWanted, *, agent: str, own_tools: tuple[str, ...] | None) -> None:
        """It needs the right to `tool`."""
        self.name = tool
        self.agent = agent
        self._wanted = wanted
        self._own_tools = own_tools

    def request(self) -> Json:
        return self._wanted.model_dump(mode="json")

    def gate_request(self) -> GateRequest:
        asked = self._wanted.model_dump(mode="json")
        return GateRequest(subject=GateSubject.TOOL, name=self.name, agent=self.agent, own_tools=self._own_tools, arguments=asked)

    async def act(self, host: Host, call: CallContext) -> tuple[Json, Usage | None]:
        return {"run": await host.runs.start(self._wanted, call)}, None


class TakeFrames:
    """Take pictures out of a video. Done twice it gives the same files again: they are kept by their content."""

    kind = "frames"
    agent = ""
    safety = Safety.IDEMPOTENT
    begins_durably = False

    def __init__(self, video: FilePart, wanted: FramesWanted) -> None:
        self.name = video.name
        self._video = video
        self._wanted = wanted

    def request(self) -> Json:
        return {"video": self._video.value(), **self._wanted.model_dump(mode="json")}

    def gate_request(self) -> None:
        return None

    async def act(self, host: Host, call: CallContext) -> tuple[Json, Usage | None]:
        frames = await host.files.frames(self._video, self._wanted)
        return [frame.value() for frame in frames], None


_WITHOUT_ANSWER: dict[str, tuple[str, Json]] = {
    "human": ("deadline_us", HumanAnswer(action=EXPIRED).model_dump(mode="json")),
    "timer": ("due_us", None),
    "run": ("", None),
}


class Waiting:
    """Wait for the world: a person's answer, a time, or the end of another run.

    `within_s` is how long at most; when it began is recorded, so it is not part of what
    proves that a replay asks for the same thing. The time that it gives is recorded in
    `due_field` of the request; `unanswered` is the result when nobody answered by then.
    """

    safety = Safety.PURE

    def __init__(
        self,
        kind: Literal["human", "timer", "run"],
        request: dict[str, Json],
        *,
        agent: str = "",
        within_s: float | None = None,
        gate: GateDecision | None = None,
    ) -> None:
        self.kind = kind
        self.name = ""
        self.agent = agent
        self.within_s = within_s
        self.gate = gate
        self.due_field, self.unanswered = _WITHOUT_ANSWER[kind]
        self._request = request

    def request(self) -> dict[str, Json]:
        return self._request
