"""What a server does and what a run of one agent sees of it, over the real adapters."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.retries import RESTART, Backoff, RetryingModel
from orchestrator.capabilities.language_models.router import language_model
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.errors import ErrorCode
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import EffectAttemptFailed
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryTools
from tests.capabilities.language_models.asking import ByLiteLLM
from tests.model_server import ModelServer, Reply
from tests.quirks_table import Seen, noted
from tests.runs.factories import chain

KEY: Final = "sk-quirks-0123456789abcdef"
LABEL: Final[dict[str, Json]] = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["late", "lost"]}},
    "required": ["label"],
}
FOUND: Final = Reply(text="Found.")
LOOKUP: Final = {"tools": ["lookup"]}
UNCORRECTED: Final = {"max_repairs": 0}
"""An answer that was cut is not asked for again."""
BY_LITELLM: Final = {"litellm": "deepseek", "anthropic": "anthropic", "gemini": "gemini"}
"""Ways that lead through LiteLLM, and the provider whose protocol is spoken. Each may end in " whole", for an answer that is no stream."""
_UNFIT: Final = re.compile(r"Traceback|site-packages|\bb['\"]|LiteLLM|litellm|Exception")
"""What no message to a person has in it."""


@dataclass(frozen=True)
class Quirk:
    """`replies` are what the server answers first, then it echoes; `sees` is the run's output, or its error."""

    name: str
    replies: tuple[Reply, ...]
    sees: Json | ErrorCode
    calls: int = 1
    ways: tuple[str, ...] = ()
    agent: dict[str, Any] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    reasoning: str | None = None
    limits: dict[str, Any] = field(default_factory=dict)
    unmade: bool = False
    """No tool is run, though the agent has one."""
    lost: dict[str, tuple[Json | ErrorCode, int]] = field(default_factory=dict)
    """By way: what is seen, after how many calls, where LiteLLM loses what the server said."""

    def seen(self, way: str) -> tuple[Json | ErrorCode, int]:
        return self.lost.get(way, (self.sees, self.calls))


def cases(quirks: Iterable[Quirk], ways: tuple[str, ...]) -> list[Any]:
    """Every quirk by every way that it names, or by all."""
    return [pytest.param(quirk, way, id=f"{way}: {quirk.name}") for quirk in quirks for way in quirk.ways or ways]


def bench(server: ModelServer, way: str, agent: dict[str, Any], limits: dict[str, Any], private_hosts: Iterable[str] = ()) -> Bench:
    """A run of one agent over the adapters that a worker uses."""
    agents = {"a": {"name": "Ann", "model": "openai/quirky", "instructions": "Be brief.", "limits": limits, **agent}}
    graph = Graph.model_validate(chain({"id": "work", "kind": "agent", "params": {"agent": "a"}}, agents=agents))
    backoff = Backoff(first_s=0.001, longest_s=0.002)
    provider, _, whole = way.partition(" ")
    if provider in BY_LITELLM:
        models = RetryingModel(ByLiteLLM(server, KEY, BY_LITELLM[provider], stream=not whole), backoff)
    else:
        keys = ProviderKeys({}, {"OPENAI_API_BASE": server.base, "OPENAI_API_KEY": KEY})
        models = language_model(keys=keys, private_hosts=private_hosts, stream=way != "whole", backoff=backoff)  # type: ignore[assignment]
    tools = MemoryTools({"lookup": lambda _arguments: "late", "ping": lambda _arguments: "pong"})
    return Bench(graph, model=models, tools=tools)  # type: ignore[arg-type]  # a real model in the scripted one's place


def seen_by(state: RunState) -> str:
    if state.error is not None:
        return f"{state.error.code}: {state.error.message}"
    used = [effect.usage for effect in state.effects.values() if effect.usage is not None]
    return f"output {state.output!r}{', tokens estimated' if any(usage.estimated for usage in used) else ''}"


async def check(quirk: Quirk, way: str, server: ModelServer, request: pytest.FixtureRequest) -> None:
    """Run it, and note it in the table."""
    server.script(*quirk.replies)
    server.refuses["quirky"] = quirk.refuses
    seat = bench(server, way, quirk.agent, quirk.limits)
    state = await seat.finish("Say something")
    thought = thought_of(state)
    unthought = ", its thought is lost" if quirk.reasoning and not thought and state.error is None else ""
    noted(request, Seen(quirk.name, way, seen_by(state)[:150] + unthought, len(server.requests)))
    sees, calls = quirk.seen(way)
    if isinstance(sees, ErrorCode):
        assert state.error is not None and (state.error.code, bool(state.error.cure)) == (sees, True), state.output
        assert not _UNFIT.search(state.error.message), state.error.message
        assert sees is not ErrorCode.MODEL_TIMEOUT or f"/quirky at 127.0.0.1:{server.port} did not" in state.error.message
    else:
        assert (state.status, state.output) == (RunStatus.SUCCEEDED, sees), state.error
    if sees is ErrorCode.MODEL_TIMEOUT:  # On a busy machine the time may be over before the server hears of a call.
        failed = sum(isinstance(event, EffectAttemptFailed) for event in seat.log.events)
        assert failed + 1 == calls >= len(server.requests)
    else:
        assert len(server.requests) == calls
    for usage in (effect.usage for effect in state.effects.values() if effect.usage is not None):
        assert 0 < usage.input_tokens < 10_000 and 0 <= usage.output_tokens < 10_000
    assert KEY not in "".join(event.model_dump_json() for event in seat.log.events)
    assert not any(KEY in seen.url for seen in server.requests)
    if way in quirk.lost:
        return
    assert any(effect.kind == "tool" for effect in state.effects.values()) == ("tools" in quirk.agent and not quirk.unmade)
    if quirk.reasoning is not None:
        heard = "".join(text for _path, text in seat.log.deltas).rpartition(RESTART)[2]
        assert thought == quirk.reasoning
        assert quirk.name.startswith("</think>") or heard == state.output or way.endswith(" whole")


def thought_of(state: RunState) -> Json:
    """What the model is known to have thought at its first call."""
    result = next((effect.result for effect in state.effects.values() if effect.kind == "model"), None)
    message = result["message"] if isinstance(result, dict) else None
    return message.get("reasoning", "") if isinstance(message, dict) else ""
