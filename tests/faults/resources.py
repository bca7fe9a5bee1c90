"""Resources of runs under fault tests: tools whose effects are seen by a sink outside the process."""

from dataclasses import dataclass

import aiohttp

from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext, ToolCall
from orchestrator.engine.testing import FixedAuthority, ScriptedModel, says
from runs.models import Run
from runs.worker.execution import Resources

SAFETY = {"save": Safety.IDEMPOTENT, "send": Safety.UNSAFE}


@dataclass
class SinkTools:
    """`save` may be repeated with its key, `send` may not. Both act by a request to the sink."""

    sink: str

    def spec(self, name: str) -> ToolSpec | None:
        if name not in SAFETY:
            return None
        return ToolSpec(name=name, description=name, parameters={"type": "object"}, safety=SAFETY[name])

    async def call(self, wanted: ToolCall, call: CallContext) -> Json:
        headers = {"Idempotency-Key": f"{wanted.tool}:{call.idempotency_key}"}
        async with aiohttp.ClientSession() as session, session.post(self.sink, json=wanted.arguments, headers=headers) as response:
            reply: Json = await response.json()
            return reply


@dataclass
class SinkLender:
    sink: str
    model_s: float = 0.01

    def resources_of(self, run: Run) -> Resources:
        model = ScriptedModel(answer=lambda _request: says("done"), delay_s=self.model_s)
        return Resources(model, SinkTools(self.sink), FixedAuthority())
