"""Let an agent work on a task: its model, its tools, its limits; and what is done when it cannot."""

from enum import StrEnum

from pydantic import Field

from orchestrator.engine.agents.answer import Answer, ModelRefused
from orchestrator.engine.agents.confidence import rated, rated_schema
from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.talk import read_talk, talk_json
from orchestrator.engine.agents.work import work
from orchestrator.engine.document.form_words import labels
from orchestrator.engine.document.node_kind import OUT, AgentRef, Expression, NodeKind, Outputs, Params, PortsFrom, Template, Yields
from orchestrator.engine.effects.files import files_from
from orchestrator.engine.effects.model import FilePart
from orchestrator.engine.errors import EndsRun, EngineError, ErrorCode
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json, PortName


class When(StrEnum):
    REFUSED = "refused"
    """The model would not answer, or its provider withheld the answer."""
    UNSURE = "unsure"
    """The agent is less sure of its answer than the node wants it to be."""


class WayOut(Params):
    name: When = Field(
        title="When the agent",
        json_schema_extra={"control": "select", **labels(refused="will not answer", unsure="is unsure of its answer")},
    )


class Gives(StrEnum):
    ANSWER = "answer"
    CONVERSATION = "conversation"


class AgentParams(Params):
    agent: AgentRef = Field(title="Agent", json_schema_extra={"control": "agent"})
    prompt: Template = Field(
        default="{{ input }}", title="Task", description="What the agent is told", json_schema_extra={"control": "template"}
    )
    attachments: Expression = Field(
        default="",
        title="Files",
        description="What the agent looks at: an expression that gives a file or a list of them, such as input.photo",
        json_schema_extra={"control": "expression", "holds": "files"},
    )
    conversation: Expression = Field(
        default="",
        title="After this conversation",
        description="What was said before the task: a list of messages or texts, such as state.chat. Empty: nothing",
        json_schema_extra={"control": "expression"},
    )
    gives: Gives = Field(
        default=Gives.ANSWER,
        title="Gives",
        description="Its answer, or the whole conversation with the answer as its last message",
        json_schema_extra={"control": "select", **labels(answer="Its answer", conversation="The whole conversation")},
    )
    ways: tuple[WayOut, ...] = Field(
        default=(),
        max_length=2,
        title="Other ways out",
        description="An output port for each: to another agent, or to a person",
        json_schema_extra={"control": "list"},
    )
    min_confidence: float = Field(
        default=0.5,
        ge=0,
        le=1,
        title="Sure enough",
        description="For the way out when it is unsure: taken below this, from 0 to 1",
        json_schema_extra={"control": "number"},
    )
    fallback: Template = Field(
        default="",
        title="Less ambitious task",
        description="What the agent is told instead when it fails at the task. Empty: then the node fails",
        json_schema_extra={"control": "template"},
    )
    fallback_agent: str = Field(
        default="", title="Who does it then", description="Empty: the same agent", json_schema_extra={"control": "agent"}
    )

    def has(self, way: When) -> bool:
        return any(one.name is way for one in self.ways)


_NO_FALLBACK = frozenset({ErrorCode.REJECTED, ErrorCode.OUTCOME_UNKNOWN, ErrorCode.INVALID_PARAMS, ErrorCode.INVALID_GRAPH})
"""What a person stopped or has to look at, and what a smaller task would only meet again."""


async def run(ctx: NodeContext, params: AgentParams) -> Outputs:
    before = read_talk(await ctx.evaluate(params.conversation)) if params.conversation else Conversation()
    files = await _files(ctx, params.attachments.strip())
    try:
        return await _attempt(ctx, params, params.agent, before.asked(await ctx.render(params.prompt), files))
    except EndsRun:
        raise
    except EngineError as error:
        if not params.fallback or error.info.code in _NO_FALLBACK:
            raise
        reason = error.info.message
    await ctx.settle()
    ctx.decide("fallback", "the less ambitious task", reason)
    task = before.asked(await ctx.render(params.fallback), files)
    return await _attempt(ctx.child("fallback", ctx.branch), params, params.fallback_agent or params.agent, task)


async def _files(ctx: NodeContext, expression: str) -> tuple[FilePart, ...]:
    return files_from(await ctx.evaluate(expression), f"Expression `{expression}`") if expression else ()


async def _attempt(ctx: NodeContext, params: AgentParams, agent_id: str, task: Conversation) -> Outputs:
    """What the agent yields for a task, by port."""
    rates = params.has(When.UNSURE)
    schema = rated_schema(ctx.agent(agent_id).output_schema) if rates else None
    try:
        answer = await work(ctx, agent_id, task, answers_in=schema)
    except ModelRefused as refusal:
        if not params.has(When.REFUSED):
            raise
        ctx.decide("way out", When.REFUSED, refusal.info.message)
        return {PortName(When.REFUSED): {"reason": refusal.info.message, "task": task.messages[-1].text}}
    if not rates:
        return {OUT.name: _given(params, answer, answer.value)}
    found = rated(answer.value)
    given = _given(params, answer, found.answer)
    if found.confidence >= params.min_confidence:
        return {OUT.name: given}
    ctx.decide("way out", When.UNSURE, found.doubt)
    return {PortName(When.UNSURE): {"answer": given, "confidence": found.confidence, "doubt": found.doubt}}


def _given(params: AgentParams, answer: Answer, value: Json) -> Json:
    return value if params.gives is Gives.ANSWER else talk_json(answer.conversation)


KIND = NodeKind(
    name="agent",
    title="Agent",
    summary="An agent works on a task with its tools",
    group="agents",
    icon="bot",
    params=AgentParams,
    run=run,
    yields=Yields.ALL,
    ports_from=PortsFrom(param="ways"),
)
