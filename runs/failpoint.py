"""Named places at which a fault test kills the process. Inert unless BATON_FAILPOINT names one."""

import os
import signal
from dataclasses import dataclass
from typing import Literal

from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext, LanguageModel, ToolBox, ToolCall
from orchestrator.settings.env import FAILPOINT

Name = Literal[
    "claimed",
    "before_model",
    "model_answered_not_saved",
    "tool_started",
    "tool_answered_not_saved",
    "result_committed_not_advanced",
    "outbox_written_not_sent",
    "approval_saved_not_resumed",
    "run_finalising",
]


def failpoint(name: Name) -> None:
    if name == FAILPOINT:
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class MortalModel:
    """A LanguageModel whose process may die before and after it answers."""

    model: LanguageModel

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        failpoint("before_model")
        reply = await self.model.complete(request, call)
        failpoint("model_answered_not_saved")
        return reply


@dataclass(frozen=True, slots=True)
class MortalTools:
    """A ToolBox whose process may die before and after a call."""

    tools: ToolBox

    def spec(self, name: str) -> ToolSpec | None:
        return self.tools.spec(name)

    async def call(self, wanted: ToolCall, call: CallContext) -> Json:
        failpoint("tool_started")
        result = await self.tools.call(wanted, call)
        failpoint("tool_answered_not_saved")
        return result
