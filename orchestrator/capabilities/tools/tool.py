"""A tool from a Python function.

    @tool
    def weekday(date: datetime.date) -> str:
        '''Name the day of the week of a date.'''

The docstring is what models read, and its descriptions of arguments are theirs; the hints become the JSON Schema of the
arguments, and what a call is checked against. A function that is not async runs in a thread of its own. An argument with the
hint `ToolContext` is given what the call may use, and is not shown to models.
"""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, overload

from orchestrator.capabilities.egress.client import Egress
from orchestrator.capabilities.egress.shared import shared_egress
from orchestrator.capabilities.evaluation.evaluator import PooledEvaluator
from orchestrator.capabilities.evaluation.shared import evaluator_for
from orchestrator.capabilities.tools.functions.arguments import Arguments, arguments_of
from orchestrator.capabilities.tools.functions.docstrings import described
from orchestrator.capabilities.tools.functions.results import as_json
from orchestrator.capabilities.tools.terms import NEVER_AGAIN, Retry, Terms
from orchestrator.capabilities.tools.workspace.workspace import Workspace, WorkspaceInMemory
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.ids import Json


def system_now_us() -> int:
    return time.time_ns() // 1000


@dataclass(frozen=True)
class ToolContext:
    """What a call may use. `files` are those shipped with the graph, by name; there is no other way to a file.

    `idempotency_key` is the same whenever this very call is made again. `tenant` and `run_id` say on whose behalf it is made.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    egress: Egress = field(default_factory=shared_egress)
    now_us: Callable[[], int] = system_now_us
    idempotency_key: str = ""
    evaluator: PooledEvaluator = field(default_factory=evaluator_for)
    """Where a tool does what may take long over what somebody wrote."""
    tenant: str = ""
    run_id: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the workspace stored for its tools, by name."""
    workspace: Workspace = field(default_factory=WorkspaceInMemory)


Function = Callable[..., object]
Describe = Callable[[ToolSpec, Mapping[str, bytes]], ToolSpec]
"""Says more about a tool once the graph's files are known."""


def as_it_is(spec: ToolSpec, _files: Mapping[str, bytes]) -> ToolSpec:
    return spec


@dataclass(frozen=True)
class Tool:
    """`example` and `touches` are for people: what a call looks like, and what it may reach or change."""

    spec: ToolSpec
    function: Function
    arguments: Arguments
    describe: Describe = as_it_is
    terms: Terms = field(default_factory=lambda: Terms(timeout_s=30.0))
    example: str = ""
    touches: str = ""

    def __call__(self, *args: object, **kwargs: object) -> object:
        """The function itself, for whoever tests it."""
        return self.function(*args, **kwargs)

    @property
    def threaded(self) -> bool:
        """Whether a call wants a thread of its own."""
        return not inspect.iscoroutinefunction(self.function)

    def work(self, context: ToolContext, given: Mapping[str, Json]) -> "partial[object]":
        """The call of the function. Raises WrongArguments."""
        own: dict[str, object] = {self.arguments.context: context} if self.arguments.context else {}
        return partial(self.function, **own, **self.arguments.typed(given))

    async def run(self, work: "partial[object]") -> Json:
        """What an async function gives. Raises NotJson for what has no form in JSON."""
        made = work()
        return as_json(await made if inspect.isawaitable(made) else made)


def run_in_place(work: "partial[object]") -> Json:
    """What any other function gives. Raises NotJson."""
    return as_json(work())


@overload
def tool(function: Function, /) -> Tool: ...


@overload
def tool(
    name: str = "",
    /,
    *,
    title: str = "",
    safety: Safety | Literal["pure", "idempotent", "unsafe"] = Safety.UNSAFE,
    timeout_s: float = 30.0,
    family: str = "",
    retry: Retry = NEVER_AGAIN,
    per_minute: int | None = None,
    price_nano_usd: int = 0,
    example: str = "",
    touches: str = "",
    describe: Describe = as_it_is,
) -> Callable[[Function], Tool]: ...


def tool(
    named: Function | str = "",
    /,
    *,
    title: str = "",
    safety: Safety | Literal["pure", "idempotent", "unsafe"] = Safety.UNSAFE,
    timeout_s: float = 30.0,
    family: str = "",
    retry: Retry = NEVER_AGAIN,
    per_minute: int | None = None,
    price_nano_usd: int = 0,
    example: str = "",
    touches: str = "",
    describe: Describe = as_it_is,
) -> Tool | Callable[[Function], Tool]:
    """Make a tool of a function, under the function's name unless another is given.

    `timeout_s` bounds one try, `retry` says when there is another, `per_minute` how many one workspace may make, `price_nano_usd`
    what a call that was answered costs. Raises BadSignature for arguments that no model could be told of, ValueError for terms that
    cannot be.
    """

    def make(function: Function) -> Tool:
        said = described(function)
        arguments = arguments_of(function, ToolContext, said.arguments)
        own = function.__name__ if callable(named) else named or function.__name__
        spec = ToolSpec(
            name=own,
            title=title or own.replace("_", " ").replace("-", " ").strip().capitalize(),
            description=said.text,
            parameters=arguments.schema(),
            safety=Safety(safety),
            timeout_s=timeout_s,
            family=family,
            price_nano_usd=price_nano_usd,
        )
        if retry.times and spec.safety is Safety.UNSAFE:
            raise ValueError(f"Tool {own!r} is unsafe, so it is never tried again by itself: make it idempotent, or leave out retry")
        if per_minute is not None and per_minute < 1:
            raise ValueError(f"Tool {own!r} has per_minute={per_minute}, expected 1 or more")
        return Tool(spec, function, arguments, describe, Terms(timeout_s, retry, per_minute), example, touches)

    return make(named) if callable(named) else make
