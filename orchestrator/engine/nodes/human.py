"""Ask a person: to approve, to review and edit, or to answer a question."""

from enum import StrEnum

from pydantic import Field

from orchestrator.engine.document.node_kind import Expression, NodeKind, Outputs, Params, Port, PortsFrom, Template, Yields
from orchestrator.engine.effects.digest import digest
from orchestrator.engine.effects.human import EXPIRED, HumanAction, HumanRequest
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json, PortName


class HumanMode(StrEnum):
    APPROVAL = "approval"
    REVIEW = "review"
    QUESTION = "question"


class HumanParams(Params):
    mode: HumanMode = Field(default=HumanMode.REVIEW, title="What is asked", json_schema_extra={"control": "select"})
    title: Template = Field(default="Please look at this", title="Title", json_schema_extra={"control": "template"})
    message: Template = Field(default="", title="Message", json_schema_extra={"control": "template"})
    payload: Expression = Field(default="input", title="Shown and, if edited, changed", json_schema_extra={"control": "expression"})
    answer_schema: dict[str, Json] = Field(
        default={}, title="Form", description="JSON Schema of the value a person may give", json_schema_extra={"control": "schema"}
    )
    actions: tuple[HumanAction, ...] = Field(
        default=(
            HumanAction(name="approve", title="Approve", style="primary"),
            HumanAction(name="reject", title="Reject", style="danger"),
        ),
        min_length=1,
        title="Buttons",
        description="One output port for each",
        json_schema_extra={"control": "list"},
    )
    deadline_s: float | None = Field(
        default=None,
        gt=0,
        title="Deadline, seconds",
        description="Then the `expired` port is taken",
        json_schema_extra={"control": "number", "unit": "s", "empty": "None"},
    )


async def run(ctx: NodeContext, params: HumanParams) -> Outputs:
    payload = await ctx.evaluate(params.payload)
    request = HumanRequest(
        mode=params.mode.value,
        title=(await ctx.render(params.title))[:300],
        message=await ctx.render(params.message),
        payload=payload,
        actions=params.actions,
        answer_schema=params.answer_schema or None,
        digest=digest([ctx.path, payload]),
    )
    answer = await ctx.ask(request, within_s=params.deadline_s)
    names = [action.name for action in params.actions] + ([EXPIRED] if params.deadline_s is not None else [])
    if answer.action not in names:
        raise EngineError(f"Answer {answer.action!r}, expected one of {', '.join(names)}", code=ErrorCode.INVALID_INPUT)
    value = payload if answer.value is None else answer.value
    fault = await ctx.fault(params.answer_schema, value) if params.answer_schema and answer.value is not None else None
    if fault:
        raise EngineError(f"The answer does not fit the form: {fault}", code=ErrorCode.INVALID_INPUT)
    ctx.decide("answer", answer.action, answer.comment, names)
    return {PortName(answer.action): {"action": answer.action, "value": value, "comment": answer.comment}}


KIND = NodeKind(
    name="human",
    title="Human",
    summary="Ask a person to approve, edit or answer",
    group="people",
    icon="hand",
    params=HumanParams,
    run=run,
    yields=Yields.ONE,
    outputs=(Port(name=PortName(EXPIRED), title="Expired"),),
    ports_from=PortsFrom(param="actions"),
)
