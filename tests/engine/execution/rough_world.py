"""A world in which runs of random graphs have a hard time, and the books that are kept of it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from pytest import MonkeyPatch

from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.problems import Problem
from orchestrator.engine.effects.digest import digest, fingerprint
from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.memory import KeptMemory, MemoryQuery, NewMemory, Provenance, RecalledMemory
from orchestrator.engine.effects.model import ModelReply, ModelRequest, Role, Usage
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import ErrorCode, HostUnavailable, LimitExceeded, ToolError
from orchestrator.engine.execution.branches import Slots
from orchestrator.engine.execution.evaluation import evaluating
from orchestrator.engine.execution.runner import Runner
from orchestrator.engine.ids import Json, Scope, is_within
from orchestrator.engine.log.events import EffectStarted, Event, RunEvent, ScopeFinished
from orchestrator.engine.log.run_state import RunState, apply_event, fold
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.ports import CallContext, ToolCall
from orchestrator.engine.testing import (
    Bench,
    FixedAuthority,
    InPlace,
    MemoryLog,
    MemoryStore,
    MemoryTools,
    ScriptedModel,
    WorkerDied,
    calls,
    says,
)
from tests.engine.agents.planning.thinker import reply
from tests.engine.random_graphs import TOOLS, UNSAFE

RESULT = "done"


@dataclass
class RoughTools(MemoryTools):
    """Tools that take a random number of turns of the loop, so that branches interleave differently by `seed`."""

    seed: int = 0
    acted: Counter[str] = field(default_factory=Counter)
    """How often each call was really made, by its key: what a witness outside saw."""

    def spec(self, name: str) -> ToolSpec | None:
        safety = Safety.UNSAFE if name in UNSAFE else Safety.IDEMPOTENT
        return ToolSpec(name=name, description=name, parameters={"type": "object"}, safety=safety) if name in TOOLS else None

    async def call(self, wanted: ToolCall, call: CallContext) -> Json:
        for _ in range(random.Random(f"{self.seed}{call.path}").randrange(6)):
            await asyncio.sleep(0)
        self.acted[call.idempotency_key] += 1
        first = "~" not in call.path
        if wanted.tool == "slow" and first:
            await asyncio.sleep(60)
        if wanted.tool == "broken" or (wanted.tool == "flaky" and first):
            raise ToolError("It is broken.", cure="Mend it.")
        if wanted.tool == "mute":
            raise ToolError("Nobody knows.", code=ErrorCode.OUTCOME_UNKNOWN)
        return RESULT


def lore() -> dict[str, NewMemory]:
    """What is remembered before a run begins: some by another tenant's agents or in other spaces, in the same words."""
    spaces = {"lore 1": ("lore", "note"), "other": ("secret", "note"), "kind": ("lore", "episode")}
    words = {"text": "do it so", "embedding": "local/ngrams-256"}
    return {key: NewMemory.model_validate({"space": space, "kind": kind, **words}) for key, (space, kind) in spaces.items()}


@dataclass
class RoughMemory(MemoryStore):
    """Takes a random number of turns of the loop, as the tools do, before it keeps and after: a worker may die on either side."""

    kept: dict[str, NewMemory] = field(default_factory=lore)
    sources: dict[str, Provenance] = field(default_factory=lambda: {key: Provenance() for key in lore()})
    seed: int = 0

    async def recall(self, query: MemoryQuery, call: CallContext) -> tuple[tuple[RecalledMemory, ...], Usage | None]:
        await self._turns(call)
        return await super().recall(query, call)

    async def remember(self, memory: NewMemory, call: CallContext) -> tuple[KeptMemory, Usage | None]:
        await self._turns(call)
        kept = await super().remember(memory, call)
        await self._turns(call)
        return kept

    async def _turns(self, call: CallContext) -> None:
        for _ in range(random.Random(f"{self.seed}{call.path}").randrange(6)):
            await asyncio.sleep(0)


def require_sound_memory(rig: Bench) -> None:
    """Each piece of work has kept one memory of each kind at most, and nothing was recalled of another space or kind."""
    state = fold(rig.log.events)
    told = [(memory.space, memory.kind, memory.tells_of) for memory in rig.memory.kept.values() if memory.tells_of]
    assert len(told) == len(set(told))
    kept = {key for key in rig.memory.kept if key not in lore()}
    by_log = [effect.result["id"] for effect in state.effects.values() if effect.kind == "remember" and isinstance(effect.result, dict)]
    assert set(by_log) <= kept, "what the log says is kept is there"
    for effect in state.effects.values():
        if effect.kind == "recall" and isinstance(effect.result, list) and isinstance(effect.request, dict):
            found = [rig.memory.kept[str(one["id"])] for one in effect.result if isinstance(one, dict)]
            assert {(one.space, one.kind) for one in found} <= {(effect.request["space"], effect.request["kind"])}
            assert bool(found) is (effect.request["space"] == "lore")


@dataclass
class RoughEvaluator(InPlace):
    """Asked for everything, however cheap; at the calls whose numbers it is told it is away, or stops what takes too much."""

    away: set[int] = field(default_factory=set)
    stops: set[int] = field(default_factory=set)
    asked: int = 0

    async def value(self, source: str, seen: dict[str, Json], known: list[str]) -> Json:
        await self._turn()
        return await super().value(source, seen, known)

    async def graph_errors(self, text: str) -> list[Problem]:
        await self._turn()
        return await super().graph_errors(text)

    async def _turn(self) -> None:
        self.asked += 1
        number = self.asked
        await asyncio.sleep(0)
        if number in self.away:
            raise HostUnavailable("No process can be started")
        if number in self.stops:
            raise LimitExceeded("It took more than 2 s of processor time", cure="Make it simpler.")


@contextmanager
def nothing_is_cheap() -> Iterator[None]:
    """All that people wrote is evaluated elsewhere, and every document is checked there, each time."""
    with MonkeyPatch.context() as patch:
        patch.setattr(evaluating.cost, "is_cheap", lambda _expression, _seen: False)
        patch.setattr(evaluating, "CHEAP_CHARACTERS", 0)
        patch.setattr(evaluating, "_VALID", evaluating._Known(0))
        yield


def answer(request: ModelRequest) -> ModelReply:
    """Uses three tools at once, one of which fails, and those of its memory, then answers; now and then badly, which is always corrected.

    What it says depends on what it is asked alone, so that the order in which it is asked changes nothing.
    """
    bad = int(digest([message.model_dump(mode="json") for message in request.messages])[:8], 16) % 16
    if bad < len(BAD) and "Your answer" not in request.messages[-1].text:
        return BAD[bad]
    if not request.tools or request.output_schema or any(message.role is Role.TOOL for message in request.messages):
        return reply(request)
    given = '{"thought": "it may help"}' if "thought" in str(request.tools[0].parameters) else "{}"
    kept = [("remember", '{"text": "it was done"}'), ("recall", '{"question": "what else happened"}')]
    memory = [call for call in kept if call[0] in {tool.name for tool in request.tools}]
    return calls(*[(name, given) for name in ("note", "pay", "broken")], *memory)


BAD = (says(""), says("half").model_copy(update={"finish": "length"}), calls(("ghost", "{}")))


class WatchedLog(MemoryLog):
    """Folds what was written and compares it with the live state after each event. Dies after as many events as it is told,
    and calls `at` when it has as many events as a key says."""

    def __init__(
        self, events: Iterable[RunEvent] = (), die_after: int | None = None, at: dict[int, Callable[[], None]] | None = None
    ) -> None:
        super().__init__(events, die_after)
        self.live: RunState | None = None
        self._shadow = fold(self.events)
        self._at = at or {}

    def append(self, events: Sequence[Event]) -> None:
        super().append(events)
        for event in self.events[self._shadow.last_seq :]:
            apply_event(self._shadow, event)
            if event.seq in self._at:
                asyncio.get_running_loop().call_soon(self._at.pop(event.seq))
            if isinstance(event, ScopeFinished) and event.error is not None:
                require_cut_off(self._shadow, event.scope)
            if isinstance(event, EffectStarted):
                require_proof(event)
        assert self._shadow == self.live, "the fold of the log is not the live state"


def require_proof(event: EffectStarted) -> None:
    """The fingerprint proves what was asked: its kind, its name and its request, but for the time that it waits until."""
    asked = event.request if isinstance(event.request, dict) and event.waits else None
    bare = event.request if asked is None else {key: value for key, value in asked.items() if key not in ("deadline_us", "due_us")}
    assert event.fingerprint in {fingerprint(event.kind, event.name, request) for request in (event.request, bare)}


def require_cut_off(state: RunState, scope: Scope) -> None:
    """Nothing goes on in an item that failed, but the questions about its unsafe calls."""
    assert not [step for step in state.open_steps if is_within(step[0], scope)]
    unsafe = state.cut_off(scope)
    assert not [path for path in state.open_effects if is_within(path, scope) and not any(is_within(path, call) for call in unsafe)]


def bench(graph: Graph, seed: int, log: MemoryLog | None = None) -> Bench:
    authority = FixedAuthority({"denied": Verdict.DENY, "approved": Verdict.ASK})
    tools, memory = RoughTools(seed=seed), RoughMemory(seed=seed)
    return Bench(graph, model=ScriptedModel(answer=answer), tools=tools, authority=authority, log=log or WatchedLog(), memory=memory)


def tools_of(rig: Bench) -> RoughTools:
    assert isinstance(rig.tools, RoughTools)
    return rig.tools


def answer_all(runner: Runner) -> None:
    """Approve everything; say that whatever is unknown happened."""
    for path in runner.state.waiting():
        effect = runner.state.effects[path]
        if effect.kind != "human":
            continue
        unknown = isinstance(effect.request, dict) and effect.request["mode"] == "unknown_outcome"
        given: Json = {"action": "happened", "value": RESULT} if unknown else {"action": "approve"}
        assert runner.deliver(path, given, "someone")


async def stretch(rig: Bench, prepare: Callable[[Runner], None] = lambda _runner: None) -> RunState:
    """Let one worker have the run until it lets go of it; nothing may be left at work then."""
    runner = rig.runner()
    if isinstance(rig.log, WatchedLog):
        rig.log.live = runner.state
    prepare(runner)
    with counted_slots() as slots:
        state = await rig.go(5, runner)
    await asyncio.sleep(0)
    assert runner.at_work == 0, "something still counts as at work"
    assert all(one.free == size for one, size in slots), "a slot was not given back, or given back twice"
    return state


async def to_the_end(rig: Bench) -> RunState:
    """Work and answer whatever is asked until the run has ended."""
    for _ in count():
        state = await stretch(rig, answer_all)
        if state.status.terminal:
            return state
        if state.status is RunStatus.PAUSED:
            state = await stretch(rig, lambda runner: runner.unpause("someone"))
            if state.status.terminal:
                return state
    raise AssertionError


async def through_deaths(graph: Graph, seed: int, deaths: Sequence[int]) -> tuple[Bench, RunState]:
    """Run to the end though each worker but the last dies, after so many events of its own."""
    rig = bench(graph, seed)
    for death in deaths:
        rig.log = WatchedLog(rig.log.events, die_after=len(rig.log.events) + death)
        try:
            state = await to_the_end(rig)
        except WorkerDied:
            continue
        return rig, state
    rig.log = WatchedLog(rig.log.events)
    return rig, await to_the_end(rig)


async def through_absences(rig: Bench) -> RunState:
    """Run to the end though workers give the run back whenever what evaluates is away."""
    for _ in count():
        try:
            return await to_the_end(rig)
        except HostUnavailable:
            continue
    raise AssertionError


@contextmanager
def counted_slots() -> Iterator[list[tuple[Slots, int]]]:
    """Every `Slots` that is made inside, with its size."""
    made: list[tuple[Slots, int]] = []
    begin = Slots.__init__

    def noted(self: Slots, size: int) -> None:
        begin(self, size)
        made.append((self, size))

    with MonkeyPatch.context() as patch:
        patch.setattr(Slots, "__init__", noted)
        yield made
