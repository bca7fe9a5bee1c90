"""Models and tools at which a fault test kills the process: before a call, and when its answer is not yet saved."""

from dataclasses import dataclass

from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext, LanguageModel, ToolBox, ToolCall
from runs.failpoint import failpoint


@dataclass(frozen=True, slots=True)
class BreakableModel:
    """A LanguageModel with failpoints around it."""

    model: LanguageModel

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        failpoint("before_model")
        reply = await self.model.complete(request, call)
        failpoint("model_answered_not_saved")
        return reply


@dataclass(frozen=True, slots=True)
class BreakableTools:
    """A ToolBox with failpoints around it."""

    tools: ToolBox

    def spec(self, name: str) -> ToolSpec | None:
        return self.tools.spec(name)

    async def call(self, wanted: ToolCall, call: CallContext) -> Json:
        failpoint("tool_started")
        result = await self.tools.call(wanted, call)
        failpoint("tool_answered_not_saved")
        return result
