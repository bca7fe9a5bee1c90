"""The tools of one run behind the engine's ToolBox port."""

import asyncio
import json
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from typing import Final

from orchestrator.capabilities.egress.errors import EgressFailed, EgressRefused
from orchestrator.capabilities.egress.shared import shared_egress
from orchestrator.capabilities.evaluation.shared import evaluator_for
from orchestrator.capabilities.redaction import redactor_of
from orchestrator.capabilities.tools.redacted_tools import RedactedTools
from orchestrator.capabilities.tools.registry import shipped_and_added
from orchestrator.capabilities.tools.tool import Tool, ToolContext, system_now_us
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.execution.evaluation.evaluating import Evaluating
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext, ToolBox, ToolCall
from orchestrator.engine.unforeseen import in_words

MOST_OUTPUT_BYTES: Final = 256 * 1024


class RunToolBox:
    """Validates arguments, keeps time and size, and words every failure so that a model can learn from it."""

    def __init__(self, tools: Mapping[str, Tool], context: ToolContext, enabled: Container[str] | None = None) -> None:
        self._tools = {name: tool for name, tool in tools.items() if enabled is None or name in enabled}
        self._context = context
        self._specs: dict[str, ToolSpec] = {}
        self._evaluating = Evaluating(context.evaluator)

    def spec(self, name: str) -> ToolSpec | None:
        tool = self._tools.get(name)
        if tool is None:
            return None
        if name not in self._specs:
            self._specs[name] = tool.describe(tool.spec, self._context.files)
        return self._specs[name]

    async def call(self, wanted: ToolCall, call: CallContext) -> Json:
        spec = self.spec(wanted.tool)
        if spec is None:
            known = ", ".join(sorted(self._tools)) or "none"
            raise ToolError(f"There is no tool {wanted.tool!r}", cure=f"Call one of these instead: {known}.")
        await self._validate(spec, wanted.arguments)
        context = replace(self._context, idempotency_key=call.idempotency_key)
        result = await self._run(self._tools[wanted.tool], spec, context, wanted.arguments)
        return _capped(result, spec)

    async def _validate(self, spec: ToolSpec, arguments: dict[str, Json]) -> None:
        problems = await self._evaluating.faults(spec.parameters, arguments)
        if not problems:
            return
        raise ToolError(
            f"The arguments of {spec.name} are not valid: {'; '.join(problems)}",
            code=ErrorCode.INVALID_INPUT,
            cure=f"Call {spec.name} again with arguments that satisfy its parameters: {json.dumps(spec.parameters)[:2000]}",
        )

    async def _run(self, tool: Tool, spec: ToolSpec, context: ToolContext, arguments: dict[str, Json]) -> Json:
        try:
            async with asyncio.timeout(spec.timeout_s):
                return await tool.run(context, **arguments)
        except TimeoutError:
            code = _code_of_failure(spec, ErrorCode.TIMEOUT, may_have_acted=True)
            raise ToolError(
                f"{spec.name} did not finish within {spec.timeout_s:g} s", code=code, cure="Ask for less, or try again later."
            ) from None
        except EgressRefused as error:
            raise ToolError(f"{spec.name} may not do this: {error.message}", code=ErrorCode.REFUSED, cure=error.cure) from None
        except EgressFailed as error:
            failed = ErrorCode.TIMEOUT if error.kind == "timeout" else ErrorCode.TOOL_FAILED
            code = _code_of_failure(spec, failed, may_have_acted=error.sent)
            raise ToolError(
                f"{spec.name} failed: {error.message}", code=code, cure=error.cure, retryable=error.kind != "too_large"
            ) from None
        except ToolError:
            raise
        except Exception as error:
            raise ToolError(f"{spec.name} failed: {in_words(error)}", cure="Try other arguments, or work without this tool.") from error


def _code_of_failure(spec: ToolSpec, code: ErrorCode, *, may_have_acted: bool) -> ErrorCode:
    """An unsafe tool that may have acted before it failed leaves an unknown outcome: a person is asked before it is called again."""
    return ErrorCode.OUTCOME_UNKNOWN if may_have_acted and spec.safety is Safety.UNSAFE else code


def toolbox(
    *,
    files: Mapping[str, bytes] | None = None,
    private_hosts: Iterable[str] = (),
    enabled: Container[str] | None = None,
    more: Iterable[Tool] = (),
    owner: str = "",
    secrets: Iterable[str] = (),
    now_us: Callable[[], int] = system_now_us,
) -> ToolBox:
    """The built-in tools and `more`, over the files of a graph, for the tenant `owner`. `enabled`: the names it allows; None for all.
    `secrets`: what no result and no error shows.
    """
    tools = shipped_and_added() | {tool.spec.name: tool for tool in more}
    context = ToolContext(dict(files or {}), shared_egress(private_hosts), now_us, evaluator=evaluator_for(owner))
    return RedactedTools(RunToolBox(tools, context, enabled), redactor_of(tuple(secrets)))


def _capped(result: Json, spec: ToolSpec) -> Json:
    size = len(json.dumps(result, ensure_ascii=False).encode("utf-8", "replace"))
    if size > MOST_OUTPUT_BYTES:
        raise ToolError(
            f"The answer of {spec.name} has {size} bytes; {MOST_OUTPUT_BYTES} are allowed",
            code=_code_of_failure(spec, ErrorCode.TOOL_FAILED, may_have_acted=True),
            cure="Ask for less: narrow the query, lower the limit, or fetch one page.",
        )
    return result
