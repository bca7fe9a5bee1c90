"""A tool from a typed Python function.

    @tool("weekday", title="Weekday", safety=Safety.PURE)
    async def weekday(context: ToolContext, *, date: Annotated[str, Field(description="Such as 2026-11-22")]) -> Json:
        '''Name the day of the week of a date.'''

The docstring is what models read; the annotations become the JSON Schema of the arguments.
"""

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from orchestrator.capabilities.egress.client import Egress
from orchestrator.capabilities.egress.shared import shared_egress
from orchestrator.capabilities.evaluation.evaluator import PooledEvaluator
from orchestrator.capabilities.evaluation.shared import evaluator_for
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.ids import Json


def system_now_us() -> int:
    return time.time_ns() // 1000


@dataclass(frozen=True)
class ToolContext:
    """What a call may use. `files` are those shipped with the graph, by name; there is no other way to a file."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    egress: Egress = field(default_factory=shared_egress)
    now_us: Callable[[], int] = system_now_us
    idempotency_key: str = ""
    evaluator: PooledEvaluator = field(default_factory=evaluator_for)
    """Where a tool does what may take long over what somebody wrote."""


ToolFunction = Callable[..., Awaitable[Json]]
Describe = Callable[[ToolSpec, Mapping[str, bytes]], ToolSpec]
"""Says more about a tool once the graph's files are known."""


@dataclass(frozen=True)
class Tool:
    spec: ToolSpec
    run: ToolFunction
    describe: Describe = lambda spec, _files: spec


def tool(
    name: str,
    *,
    title: str,
    safety: Safety = Safety.UNSAFE,
    timeout_s: float = 30.0,
    family: str = "",
    describe: Describe = lambda spec, _files: spec,
) -> Callable[[ToolFunction], Tool]:
    """Make a tool of an async function of a ToolContext and keyword arguments."""

    def make(function: ToolFunction) -> Tool:
        spec = ToolSpec(
            name=name,
            title=title,
            description=inspect.cleandoc(function.__doc__ or ""),
            parameters=parameters_of(function),
            safety=safety,
            timeout_s=timeout_s,
            family=family,
        )
        return Tool(spec, function, describe)

    return make


_CONFIG: Final = ConfigDict(extra="forbid")


def parameters_of(function: ToolFunction) -> dict[str, Json]:
    """The JSON Schema of a function's keyword-only arguments."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        name: (hints[name], ... if parameter.default is inspect.Parameter.empty else parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    arguments: type[BaseModel] = create_model("Arguments", __config__=_CONFIG, **fields)
    drawn: dict[str, Any] = arguments.model_json_schema()
    drawn.pop("title", None)
    for part in drawn.setdefault("properties", {}).values():
        part.pop("title", None)
    return drawn
