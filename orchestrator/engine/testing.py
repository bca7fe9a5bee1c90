"""Fakes that ship with the engine: scripted models, tools in memory, a log in a list, a clock by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.engine.document.expressions.evaluation import evaluate_seen
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.json_schema import faults
from orchestrator.engine.document.problems import Problem
from orchestrator.engine.document.validation import errors_of
from orchestrator.engine.effects.child_run import END, RunEnd, RunWanted
from orchestrator.engine.effects.gate import Authority, GateDecision, GateRequest, Verdict
from orchestrator.engine.effects.memory import KeptMemory, MemoryQuery, NewMemory, Provenance, RecalledMemory
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, ToolRequest, Usage, text_parts
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import HostUnavailable, ToolError
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.events import Event, RunClaimed, RunEvent
from orchestrator.engine.log.run_state import RunState, fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.log.upcast import read_event_text
from orchestrator.engine.ports import (
    NO_FILES,
    NO_RUNS,
    CallContext,
    Clock,
    Delta,
    Evaluator,
    EventSink,
    FailedAttempt,
    Files,
    Host,
    LanguageModel,
    Memory,
    Runs,
    TokenCounter,
    ToolBox,
    ToolCall,
)

Reply = ModelReply | Exception


def says(text: str, *, tokens: int = 10) -> ModelReply:
    """A reply with this text."""
    return ModelReply(message=Message(role=Role.ASSISTANT, content=text_parts(text)), model="scripted", finish="stop", usage=_usage(tokens))


def calls(*requests: tuple[str, str], tokens: int = 10) -> ModelReply:
    """A reply that asks for tools: (name, arguments as text)."""
    wanted = tuple(ToolRequest(id=f"call_{index}", name=name, arguments=text) for index, (name, text) in enumerate(requests))
    message = Message(role=Role.ASSISTANT, tool_requests=wanted)
    return ModelReply(message=message, model="scripted", finish="tools", usage=_usage(tokens))


def _usage(tokens: int) -> Usage:
    return Usage(input_tokens=tokens, output_tokens=tokens, cost_nano_usd=tokens)


@dataclass
class ScriptedModel:
    """Answers in the order of its script; or by a function of the request."""

    script: list[Reply] = field(default_factory=list)
    answer: Callable[[ModelRequest], Reply] | None = None
    delay_s: float = 0.0
    requests: list[ModelRequest] = field(default_factory=list)

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        self.requests.append(request)
        await asyncio.sleep(self.delay_s)
        reply = self.answer(request) if self.answer else self.script.pop(0)
        if isinstance(reply, Exception):
            raise reply
        call.on_delta(reply.message.text)
        return reply


@dataclass
class MemoryTools:
    """Tools that are functions of their arguments; remembers every call."""

    functions: dict[str, Callable[[dict[str, Json]], Json | Awaitable[Json]]] = field(default_factory=dict)
    safety: Safety = Safety.PURE
    calls: list[ToolCall] = field(default_factory=list)
    contexts: list[CallContext] = field(default_factory=list)

    def spec(self, name: str) -> ToolSpec | None:
        if name not in self.functions:
            return None
        return ToolSpec(name=name, description=name, parameters={"type": "object"}, safety=self.safety)

    async def call(self, wanted: ToolCall, call: CallContext) -> Json:
        self.calls.append(wanted)
        self.contexts.append(call)
        result = self.functions[wanted.tool](wanted.arguments)
        return await result if isinstance(result, Awaitable) else result


class MemoryLog:
    """The log as a list. `die_after` makes the worker die once that many events are durable."""

    def __init__(self, events: Iterable[RunEvent] = (), die_after: int | None = None) -> None:
        self.events: list[RunEvent] = list(events)
        self.deltas: list[tuple[Path, str]] = []
        self._die_after = die_after

    def append(self, events: Sequence[Event]) -> None:
        for event in events:
            if self._die_after is not None and len(self.events) >= self._die_after:
                raise WorkerDied
            self.events.append(read_event_text(event.model_dump_json()))

    async def flush(self) -> None:
        await asyncio.sleep(0)

    def delta(self, path: Path, text: str) -> None:
        self.deltas.append((path, text))


class WorkerDied(BaseException):
    """The process is gone."""


@dataclass
class FixedAuthority:
    """Allows everything, unless told otherwise by tool name."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    asked: list[GateRequest] = field(default_factory=list)

    async def decide(self, request: GateRequest) -> GateDecision:
        self.asked.append(request)
        return GateDecision(verdict=self.verdicts.get(request.name, Verdict.ALLOW), layer="policy", rule=request.name)


@dataclass
class ManualClock:
    """A clock that ticks a microsecond each time it is read, and jumps when told."""

    time_us: int = 1_700_000_000_000_000

    def now_us(self) -> int:
        self.time_us += 1
        return self.time_us

    def random(self) -> float:
        return 0.5


class OpenGuard:
    """Lets everything pass: nobody else has the run, and nobody stops the worker."""

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        yield


@dataclass
class ClockInbox:
    """Nothing is ever under way to the run: all that was accepted has been delivered."""

    clock: Clock

    async def settle(self) -> int:
        return self.clock.now_us()


class InPlace:
    """Evaluates everything at once, where it is needed."""

    async def value(self, source: str, seen: dict[str, Json], known: list[str]) -> Json:
        return evaluate_seen(source, seen, known)

    async def graph_errors(self, text: str) -> list[Problem]:
        return errors_of(Graph.model_validate_json(text))

    async def faults(self, schema: dict[str, Json], value: Json) -> list[str]:
        return faults(schema, value)


class SignCounter:
    """Four characters are a token, as a rule of thumb for English; the same for every model."""

    def count(self, model: str, text: str) -> int:
        return -(-len(text) // 4)


@dataclass
class MemoryStore:
    """Memories in a dictionary, by the key that each is kept once under. Alike are texts that share words."""

    kept: dict[str, NewMemory] = field(default_factory=dict)
    sources: dict[str, Provenance] = field(default_factory=dict)
    recalls: list[MemoryQuery] = field(default_factory=list)
    fails: Exception | None = None

    async def recall(self, query: MemoryQuery, call: CallContext) -> tuple[tuple[RecalledMemory, ...], Usage | None]:
        self.recalls.append(query)
        if self.fails is not None:
            raise self.fails
        asked = set(query.text.lower().split())
        fitting = ((key, one) for key, one in self.kept.items() if (one.space, one.kind) == (query.space, query.kind))
        scored = [(_shared(asked, one.text), key, one) for key, one in fitting]
        best = sorted((row for row in scored if row[0] >= query.retrieval.min_score), key=lambda row: (-row[0], row[1]))
        return tuple(self._recalled(*row) for row in best[: query.retrieval.k]), None

    def _recalled(self, score: float, key: str, memory: NewMemory) -> RecalledMemory:
        return RecalledMemory(id=key, text=memory.text, score=score, similarity=score, kept_us=0, source=self.sources[key])

    async def remember(self, memory: NewMemory, call: CallContext) -> tuple[KeptMemory, Usage | None]:
        if self.fails is not None:
            raise self.fails
        await asyncio.sleep(0)
        key = memory.key(call.run_id, call.idempotency_key)
        if memory.tells_of or key not in self.kept:
            self.kept[key] = memory
            self.sources[key] = Provenance(run=call.run_id, path=call.path, agent=call.agent)
        return KeptMemory(id=key), None


def _shared(asked: set[str], text: str) -> float:
    words = set(text.lower().split())
    return len(asked & words) / len(asked | words) if asked | words else 0.0


@dataclass
class MemoryRuns:
    """Runs that were started, by idempotency key. Each is over once `ends` says how, by graph; until then it goes on."""

    ends: dict[str, RunEnd] = field(default_factory=dict)
    started: dict[str, RunWanted] = field(default_factory=dict)
    waited_for: dict[str, Path] = field(default_factory=dict)
    """Where the end of each is waited for, by id."""
    away: bool = False

    async def start(self, wanted: RunWanted, call: CallContext) -> str:
        if wanted.graph == "missing":
            raise ToolError("There is no graph 'missing'", cure="Choose another.")
        self.started.setdefault(call.idempotency_key, wanted)
        self.waited_for[call.idempotency_key] = Path(f"{call.path}{END}")
        return call.idempotency_key

    async def ended(self, run: str) -> RunEnd | None:
        if self.away:
            raise HostUnavailable("The database does not answer")
        return self.ends.get(self.started[run].graph)


def host_of(
    models: LanguageModel,
    tools: ToolBox,
    sink: EventSink,
    authority: Authority,
    clock: Clock,
    evaluator: Evaluator | None = None,
    files: Files | None = None,
    memory: Memory | None = None,
    tokens: TokenCounter | None = None,
    runs: Runs = NO_RUNS,
) -> Host:
    """A host of one run that has its worker to itself."""
    return Host(
        models=models,
        tools=tools,
        sink=sink,
        authority=authority,
        clock=clock,
        guard=OpenGuard(),
        inbox=ClockInbox(clock),
        evaluator=evaluator or InPlace(),
        memory=memory or MemoryStore(),
        tokens=tokens or SignCounter(),
        tenant="tenant",
        files=files or NO_FILES,
        runs=runs,
    )


def call_context(
    on_delta: Delta = lambda _text: None,
    on_failed_attempt: Callable[[FailedAttempt], None] = lambda _failed: None,
    idempotency_key: str = "key",
) -> CallContext:
    """The context of a call outside of any run."""
    return CallContext("run", Path("call#1/model.1"), "", "tenant", idempotency_key, 1, on_delta, on_failed_attempt)


@dataclass
class Bench:
    """Everything a run needs, in memory."""

    graph: Graph
    model: ScriptedModel = field(default_factory=ScriptedModel)
    tools: MemoryTools = field(default_factory=MemoryTools)
    authority: FixedAuthority = field(default_factory=FixedAuthority)
    clock: ManualClock = field(default_factory=ManualClock)
    log: MemoryLog = field(default_factory=MemoryLog)
    evaluator: InPlace = field(default_factory=InPlace)
    files: Files = NO_FILES
    memory: MemoryStore = field(default_factory=MemoryStore)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    epoch: int = 0
    build: str = ""

    def runner(self) -> Runner:
        """A runner over the log as it stands, as a new worker would make it."""
        lent = (self.model, self.tools, self.log, self.authority, self.clock, self.evaluator, self.files, self.memory)
        host = host_of(*lent, runs=self.runs)
        return Runner(self.graph, fold(self.log.events), host, run_id="run")

    async def go(self, run_input: Json = None, runner: Runner | None = None) -> RunState:
        """Claim the run and work on it until it ends, waits or is paused."""
        runner = runner or self.runner()
        self.epoch = runner.state.epoch + 1
        cause: Literal["first", "woken"] = "first" if self.epoch == 1 else "woken"
        await runner.run(run_input, RunClaimed(worker="bench", epoch=self.epoch, cause=cause, build=self.build))
        return runner.state

    async def finish(self, run_input: Json = None) -> RunState:
        """Work until the run has ended; a run that waits is an error."""
        state = await self.go(run_input)
        assert state.status is not RunStatus.WAITING, state.waiting()
        return state
