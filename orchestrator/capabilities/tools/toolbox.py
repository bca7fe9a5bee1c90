"""The tools of one run behind the engine's ToolBox port."""

import asyncio
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from orchestrator.capabilities.egress.shared import shared_egress
from orchestrator.capabilities.evaluation.shared import evaluator_for
from orchestrator.capabilities.redaction import redactor_of
from orchestrator.capabilities.tools.failures import capped, telling, too_long
from orchestrator.capabilities.tools.functions.arguments import WrongArguments
from orchestrator.capabilities.tools.functions.threads import place_for
from orchestrator.capabilities.tools.rates import Rates, RatesHere
from orchestrator.capabilities.tools.redacted_tools import RedactedTools
from orchestrator.capabilities.tools.registry import shipped_and_added
from orchestrator.capabilities.tools.terms import Lowered, Terms
from orchestrator.capabilities.tools.tool import Tool, ToolContext, run_in_place, system_now_us
from orchestrator.capabilities.tools.workspace.workspace import Workspace, WorkspaceInMemory
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.execution.evaluation.evaluating import Evaluating
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext, FailedAttempt, ToolBox, ToolCall


class RunToolBox:
    """Validates arguments, keeps terms, time and size, and words every failure so that a model can learn from it."""

    def __init__(
        self, tools: Mapping[str, Tool], context: ToolContext, enabled: Mapping[str, Lowered] | None = None, rates: Rates | None = None
    ) -> None:
        self._tools = {name: tool for name, tool in tools.items() if enabled is None or name in enabled}
        self._terms = {name: tool.terms.within((enabled or {}).get(name, Lowered())) for name, tool in self._tools.items()}
        self._context = context
        self._rates = rates or RatesHere()
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
        context = replace(self._context, idempotency_key=call.idempotency_key, run_id=call.run_id)
        terms, failures = self._terms[wanted.tool], 0
        while True:
            try:
                return await self._try(self._tools[wanted.tool], spec, terms, context, wanted.arguments)
            except ToolError as error:
                failures += 1
                wait = terms.retry.wait_after(failures, error)
                if wait is None or spec.safety is Safety.UNSAFE:
                    raise
                call.on_failed_attempt(FailedAttempt(failures, error.info, wait))
            await asyncio.sleep(wait)

    async def _validate(self, spec: ToolSpec, arguments: dict[str, Json]) -> None:
        problems = await self._evaluating.faults(spec.parameters, arguments)
        if problems:
            raise _wrong_arguments(spec, "; ".join(problems))

    async def _try(self, tool: Tool, spec: ToolSpec, terms: Terms, context: ToolContext, arguments: dict[str, Json]) -> Json:
        if terms.per_minute is not None:
            wait = await self._rates.take(spec.name, terms.per_minute)
            if wait:
                raise _too_often(spec, terms.per_minute, wait)
        with telling(spec):
            try:
                work = tool.work(context, arguments)
            except WrongArguments as error:
                raise _wrong_arguments(spec, str(error)) from None
            begun = not tool.threaded
            try:
                async with asyncio.timeout(terms.timeout_s):
                    if begun:
                        return capped(await tool.run(work), spec)
                    place = await place_for(context.tenant)
                    begun = True
                    return capped(await place.run(partial(run_in_place, work)), spec)
            except TimeoutError as error:
                raise too_long(spec, terms.timeout_s, begun=begun) from error


def toolbox(
    *,
    files: Mapping[str, bytes] | None = None,
    private_hosts: Iterable[str] = (),
    enabled: Mapping[str, Lowered] | None = None,
    rates: Rates | None = None,
    workspace: Workspace | None = None,
    own_secrets: Mapping[str, str] | None = None,
    more: Iterable[Tool] = (),
    owner: str = "",
    secrets: Iterable[str] = (),
    now_us: Callable[[], int] = system_now_us,
) -> ToolBox:
    """The built-in tools and `more`, over the files of a graph, for the tenant `owner`. `enabled`: the names it allows, and how
    much less than they would; None for all. `rates` counts its calls, `workspace` keeps the files of
    its run, `own_secrets` are what the tenant stored for its tools.
    `secrets`: what no result and no error shows.
    """
    tools = shipped_and_added() | {tool.spec.name: tool for tool in more}
    context = ToolContext(
        dict(files or {}),
        shared_egress(private_hosts),
        now_us,
        evaluator=evaluator_for(owner),
        tenant=owner,
        secrets=dict(own_secrets or {}),
        workspace=workspace or WorkspaceInMemory(),
    )
    return RedactedTools(RunToolBox(tools, context, enabled, rates), redactor_of(tuple(secrets)))


def _wrong_arguments(spec: ToolSpec, problems: str) -> ToolError:
    return ToolError(
        f"The arguments of {spec.name} are not valid: {problems}",
        code=ErrorCode.INVALID_INPUT,
        cure=f"Call {spec.name} again with arguments that satisfy its parameters: {json.dumps(spec.parameters)[:2000]}",
    )


def _too_often(spec: ToolSpec, per_minute: int, wait_s: float) -> ToolError:
    return ToolError(
        f"{spec.name} was called {per_minute} times within a minute, which is as often as this workspace may",
        cure=f"Call it again in {math.ceil(wait_s)} s, or go on without it.",
        retryable=True,
        retry_after_s=wait_s,
    )
