"""An agent at work: ask the model, perform the tools it asks for, until it has an answer.

An ordinary short loop; it is durable because everything it does to the world is an effect.
"""

import json
from dataclasses import dataclass, field
from functools import partial

from orchestrator.engine.document.agent import Agent
from orchestrator.engine.document.json_schema import first_fault
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, ToolRequest, text_parts
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.errors import EngineError, ErrorCode, LimitExceeded, Refused, Rejected, ToolError
from orchestrator.engine.execution.branches import time_limit
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.execution.effect import ToolUse
from orchestrator.engine.ids import Json


class BadReply(EngineError):
    """The model's answer could not be used, and correcting it did not help."""

    code = ErrorCode.MODEL_BAD_REPLY


@dataclass(slots=True)
class _Work:
    """One task of one agent: the conversation so far and what may still be spent."""

    ctx: NodeContext
    agent_id: str
    agent: Agent
    schema: dict[str, Json] | None
    tools: dict[str, ToolSpec]
    messages: list[Message] = field(default_factory=list)
    repairs_left: int = 0
    tokens: int = 0
    turn: int = 0


async def work(ctx: NodeContext, agent_id: str, task: str) -> Json:
    """The agent's answer: text, or data when it has an output schema.

    Raises LimitExceeded when the agent's limits end first, BadReply, ModelError.
    """
    agent = ctx.agent(agent_id)
    return await _answer(ctx, agent_id, agent, task, agent.output_schema)


async def choose(ctx: NodeContext, agent_id: str, question: str, options: dict[str, str]) -> tuple[str, str]:
    """Which option the agent chooses, and why."""
    listed = "\n".join(f"- {name}: {meaning}" if meaning else f"- {name}" for name, meaning in options.items())
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {
            "route": {"type": "string", "enum": list(options), "description": "The route that fits best"},
            "why": {"type": "string", "description": "One sentence of reason"},
        },
        "required": ["route", "why"],
        "additionalProperties": False,
    }
    task = f"{question}\n\nChoose exactly one route:\n{listed}"
    answer = await _answer(ctx, agent_id, ctx.agent(agent_id), task, schema)
    assert isinstance(answer, dict)
    return str(answer["route"]), str(answer["why"])


async def _answer(ctx: NodeContext, agent_id: str, agent: Agent, task: str, schema: dict[str, Json] | None) -> Json:
    job = _Work(ctx, agent_id, agent, schema, _offered(ctx, agent), repairs_left=agent.limits.max_repairs)
    if agent.instructions:
        job.messages.append(Message(role=Role.SYSTEM, content=text_parts(ctx.render(agent.instructions))))
    job.messages.append(Message(role=Role.USER, content=text_parts(task)))
    try:
        async with time_limit(ctx.branch, agent.limits.max_seconds):
            return await _loop(job)
    except TimeoutError:
        raise LimitExceeded(
            f"Agent {agent.name!r} worked longer than {agent.limits.max_seconds:g} s", cure="Raise its max_seconds, or give it less to do."
        ) from None


def _offered(ctx: NodeContext, agent: Agent) -> dict[str, ToolSpec]:
    found = {name: ctx.tool(name) for name in agent.tools}
    missing = [name for name, spec in found.items() if spec is None]
    if missing:
        raise EngineError(
            f"Agent {agent.name!r} lists tools that do not exist: {', '.join(missing)}",
            code=ErrorCode.INVALID_PARAMS,
            cure="Remove them from the agent, or enable them.",
        )
    return {name: spec for name, spec in found.items() if spec is not None}


async def _loop(job: _Work) -> Json:
    limits = job.agent.limits
    for job.turn in range(1, limits.max_iterations + 1):
        reply = await _ask(job)
        if reply.message.tool_requests:
            await _use_tools(job, reply.message.tool_requests)
            continue
        done, value = _read(job, reply)
        if done:
            return value
    raise LimitExceeded(
        f"Agent {job.agent.name!r} made {limits.max_iterations} model calls without an answer",
        cure="Raise its max_iterations, or make its instructions say when to stop.",
    )


async def _ask(job: _Work) -> ModelReply:
    if job.tokens >= job.agent.limits.max_tokens:
        raise LimitExceeded(f"Agent {job.agent.name!r} used {job.tokens} tokens, its limit", cure="Raise its max_tokens.")
    request = ModelRequest(
        model=job.agent.model,
        messages=tuple(job.messages),
        tools=tuple(job.tools.values()),
        output_schema=job.schema,
        temperature=job.agent.temperature,
        max_output_tokens=job.agent.max_output_tokens,
    )
    reply = await job.ctx.ask_model(request, job.agent_id)
    job.tokens += reply.usage.input_tokens + reply.usage.output_tokens
    job.messages.append(reply.message)
    if reply.finish in ("length", "filtered"):
        why = "was cut at the output limit" if reply.finish == "length" else "was withheld by the provider's filter"
        raise BadReply(f"The answer of {reply.model} {why}", cure="Raise max_output_tokens, or change what is asked.")
    return reply


async def _use_tools(job: _Work, requests: tuple[ToolRequest, ...]) -> None:
    """Perform all requests of a turn at once and put their results into the conversation."""
    fault = _turn_fault(job, requests)
    if fault:
        _repair(job, fault)
        job.messages.extend(_result(request, fault) for request in requests)
        return
    faults = {request.id: _request_fault(job, request) for request in requests}
    bad = [text for text in faults.values() if text]
    if bad:
        _repair(job, bad[0])
    good = [request for request in requests if not faults[request.id]]
    works = [partial(_use_one, job=job, request=request) for request in good]
    results = await job.ctx.gather(works, [f"turn.{job.turn}.call.{index}" for index in range(len(good))])
    said = dict(zip([request.id for request in good], results, strict=True))
    job.messages.extend(_result(request, said.get(request.id) or faults[request.id]) for request in requests)


async def _use_one(ctx: NodeContext, *, job: _Work, request: ToolRequest) -> str:
    spec = job.tools[request.name]
    use = ToolUse(request.name, json.loads(request.arguments or "{}"), agent=job.agent_id, safety=spec.safety, own_tools=job.agent.tools)
    try:
        result = await ctx.perform(use)
    except ToolError as error:
        return f"Error: {error.info.message} {error.info.cure}".strip()
    except Refused:
        return "Error: this call is not permitted. Go on without it."
    except Rejected as error:
        return f"Error: {error.info.message}. Go on without it."
    except EngineError as error:
        if error.info.code in (ErrorCode.TOOL_FAILED, ErrorCode.REFUSED, ErrorCode.REJECTED, ErrorCode.OUTCOME_UNKNOWN):
            return f"Error: {error.info.message}"
        raise
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)


def _turn_fault(job: _Work, requests: tuple[ToolRequest, ...]) -> str:
    most = job.agent.limits.max_tool_calls_per_turn
    if len(requests) > most:
        return f"Error: {len(requests)} tool calls in one turn, at most {most} are allowed. Ask for fewer."
    if len({request.id for request in requests}) < len(requests):
        return "Error: two tool calls have the same id. Give each its own."
    return ""


def _request_fault(job: _Work, request: ToolRequest) -> str:
    """What is wrong with a request, in words the model can act on; empty when nothing is."""
    spec = job.tools.get(request.name)
    if spec is None:
        names = ", ".join(sorted(job.tools)) or "none"
        return f"Error: there is no tool {request.name!r}. Available tools: {names}."
    try:
        arguments = json.loads(request.arguments or "{}")
    except (ValueError, RecursionError):
        return f"Error: the arguments of {request.name} are not valid JSON. Send one JSON object that fits {json.dumps(spec.parameters)}."
    fault = first_fault(spec.parameters, arguments)
    return f"Error: the arguments of {request.name} do not fit: {fault}. Expected {json.dumps(spec.parameters)}." if fault else ""


def _read(job: _Work, reply: ModelReply) -> tuple[bool, Json]:
    """Whether the answer can be used, and its value."""
    text = reply.message.text
    if job.schema is None:
        if text.strip():
            return True, text
        _repair(job, "The answer is empty")
        job.messages.append(Message(role=Role.USER, content=text_parts("Your answer was empty. Answer the task.")))
        return False, None
    try:
        value: Json = json.loads(_without_fence(text))
    except (ValueError, RecursionError) as error:
        fault: str | None = f"it is not valid JSON ({str(error)[:120]})"
    else:
        fault = first_fault(job.schema, value)
        if fault is None:
            return True, value
    _repair(job, f"The answer does not fit the schema: {fault}")
    advice = (
        f"Your answer cannot be used: {fault}. Answer with one JSON value that fits this schema and nothing else: {json.dumps(job.schema)}"
    )
    job.messages.append(Message(role=Role.USER, content=text_parts(advice)))
    return False, None


def _repair(job: _Work, fault: str) -> None:
    """Spend one correction. Raises BadReply when none is left."""
    if job.repairs_left <= 0:
        raise BadReply(f"{job.agent.name}: {fault.removeprefix('Error: ')}", cure="Use a model that follows schemas, or raise max_repairs.")
    job.repairs_left -= 1


def _result(request: ToolRequest, text: str) -> Message:
    return Message(role=Role.TOOL, content=text_parts(text), tool_request_id=request.id, name=request.name)


def _without_fence(text: str) -> str:
    """JSON that a model wrapped in a Markdown fence."""
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        return stripped[3:-3].removeprefix("json").strip()
    return stripped
