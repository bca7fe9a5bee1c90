"""Resources of runs under fault tests: models and tools whose calls are seen by a sink outside the process."""

import asyncio
import json
import os
import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from orchestrator.engine.agents.host_tools import run_graph
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import ModelError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext, ToolCall
from orchestrator.engine.testing import FixedAuthority, calls, says
from runs.models import Run
from runs.worker.reading import Resources

POISON = "poison"
"""The input of a run whose model call ends its worker."""
ROUNDS = 4
"""How often an agent that was given tools uses one."""
SAFETY = {"save": Safety.IDEMPOTENT, "send": Safety.UNSAFE}


@dataclass
class SinkTools:
    """`save` may be repeated with its key, `send` may not. Both act by a request to the sink."""

    sink: str
    seconds: float = 0.0

    def spec(self, name: str) -> ToolSpec | None:
        if name == run_graph.NAME:
            return run_graph.SPEC
        if name not in SAFETY:
            return None
        return ToolSpec(name=name, description=name, parameters={"type": "object"}, safety=SAFETY[name])

    async def call(self, wanted: ToolCall, call: CallContext) -> Json:
        await asyncio.sleep(self.seconds)
        return await witnessed(self.sink, f"{wanted.tool}:{call.idempotency_key}", wanted.arguments)


async def witnessed(sink: str, key: str, body: Json) -> Json:
    """Do something outside, where it is counted by its key."""
    async with aiohttp.ClientSession() as session, session.post(sink, json=body, headers={"Idempotency-Key": key}) as response:
        reply: Json = await response.json()
        return reply


@dataclass
class SinkModel:
    """Every answer is counted, because it was paid for."""

    sink: str
    run: Run
    seconds: float
    erratic: float = 0.0

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        if self.run.input == POISON:
            await asyncio.sleep(self.seconds / 2)  # what came before is durable by then: the next death is one without progress
            os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.sleep(self.seconds)
        if random.random() < self.erratic:
            raise ModelError("It is moody", retryable=random.random() < 0.5)
        await witnessed(self.sink, f"model:{self.run.pk}", None)
        used = sum(bool(message.tool_requests) for message in request.messages)
        return calls(("save", json.dumps({"text": f"round {used}"}))) if request.tools and used < ROUNDS else says("done")


@dataclass
class SinkLender:
    sink: str
    model_s: float = 0.01
    tool_s: float = 0.0
    erratic: float = 0.0
    """How often a model fails."""

    def resources_of(self, runs: Sequence[Run]) -> list[Resources]:
        tools, authority = SinkTools(self.sink, self.tool_s), FixedAuthority()
        return [Resources(SinkModel(self.sink, run, self.model_s, self.erratic), tools, authority) for run in runs]
