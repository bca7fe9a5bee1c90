"""An agent's work turn by turn: what the model is sent, what it is told, and where the agent stops."""

import json
from typing import Any

import pytest

from orchestrator.engine.document.agents.agent import LibraryAgent
from orchestrator.engine.effects.gate import Verdict
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, ToolRequest, text_parts
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ErrorInfo, ModelError, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import Correction
from orchestrator.engine.log.run_state import RunState
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, FixedAuthority, MemoryTools, Reply, ScriptedModel, calls, says
from tests.graphs import one_agent

SCHEMA: dict[str, Json] = {"type": "object", "required": ["label"]}


def desk(*script: Reply, tools: MemoryTools | None = None, denied: str = "", **agent: Any) -> Bench:
    authority = FixedAuthority({denied: Verdict.DENY} if denied else {})
    functions = tools or MemoryTools({"note": lambda arguments: arguments, "look": lambda _: "seen"})
    return Bench(one_agent(**agent), model=ScriptedModel(list(script)), tools=functions, authority=authority)


async def failed(rig: Bench) -> ErrorInfo:
    state = await rig.finish("task")
    assert state.status is RunStatus.FAILED and state.error is not None
    return state.error


def told(rig: Bench, turn: int) -> list[str]:
    """What came after the task in the nth request."""
    return [message.text for message in rig.model.requests[turn].messages[2:]]


async def test_model_is_sent_instructions_task_tools_and_settings() -> None:
    rig = desk(says("ok"), tools=None, instructions="Help with {{ input }}.", temperature=0.5, max_output_tokens=99, output_schema=None)
    await rig.finish("cats")
    [request] = rig.model.requests
    assert request == ModelRequest(
        model="scripted",
        messages=(
            Message(role=Role.SYSTEM, content=text_parts("Help with cats.")),
            Message(role=Role.USER, content=text_parts("cats")),
        ),
        temperature=0.5,
        max_output_tokens=99,
    )


async def test_each_call_may_take_as_long_as_the_agents_limit_says() -> None:
    rig = desk(says("ok"), limits={"max_call_seconds": 7})
    await rig.finish("cats")
    assert [request.timeout_s for request in rig.model.requests] == [7.0]


async def test_a_paused_answer_goes_on_and_is_one_answer() -> None:
    begun = says("Good ").model_copy(update={"finish": "paused"})
    rig = desk(begun, says("morning."))
    state = await rig.finish("Greet me")
    assert state.output == "Good morning."
    assert told(rig, 1) == ["Good "]


async def test_an_answer_that_is_paused_for_ever_ends_at_the_agents_limit() -> None:
    paused = says("more ").model_copy(update={"finish": "paused"})
    error = await failed(desk(*[paused] * 3, limits={"max_iterations": 3}))
    assert error.code is ErrorCode.LIMIT_EXCEEDED


async def test_a_refusal_is_told_and_not_corrected() -> None:
    refused = says("I will not.").model_copy(update={"finish": "refused"})
    rig = desk(refused, output_schema=SCHEMA)
    error = await failed(rig)
    assert error.code is ErrorCode.MODEL_REFUSED and "refused to answer: I will not." in error.message
    assert len(rig.model.requests) == 1


async def test_agent_without_instructions_says_none() -> None:
    rig = desk(says("ok"), instructions="")
    await rig.finish("cats")
    assert [message.role for message in rig.model.requests[0].messages] == [Role.USER]


async def test_tools_are_offered_in_the_order_of_the_agents_list_and_schema_with_each_call() -> None:
    rig = desk(calls(("look", "{}")), says('{"label": 1}'), tools=None, output_schema=SCHEMA)
    document = one_agent(tools=["note", "look"], output_schema=SCHEMA)
    rig.graph = document
    assert (await rig.finish("x")).output == {"label": 1}
    assert [[tool.name for tool in request.tools] for request in rig.model.requests] == [["note", "look"]] * 2
    assert [request.output_schema for request in rig.model.requests] == [SCHEMA] * 2


def with_tools(*script: Reply, tools: MemoryTools | None = None, denied: str = "", **agent: Any) -> Bench:
    rig = desk(*script, tools=tools, denied=denied)
    rig.graph = one_agent(tools=list(rig.tools.functions), **agent)
    return rig


@pytest.mark.parametrize(
    ("result", "text"), [("plain", "plain"), ({"a": "ä"}, '{"a": "ä"}'), ([1, None], "[1, null]"), (None, "null"), (True, "true"), ("", "")]
)
async def test_model_is_told_a_text_as_it_is_and_all_else_as_json(result: Json, text: str) -> None:
    rig = with_tools(calls(("give", "{}")), says("ok"), tools=MemoryTools({"give": lambda _: result}))
    await rig.finish("x")
    assert told(rig, 1) == ["", text]


async def test_results_are_told_in_the_order_of_the_requests_each_with_its_id() -> None:
    rig = with_tools(calls(("look", "{}"), ("ghost", "{}"), ("note", '{"n": 1}')), says("ok"))
    await rig.finish("x")
    answers = rig.model.requests[1].messages[-3:]
    assert [(one.role, one.tool_request_id, one.name, one.text) for one in answers] == [
        (Role.TOOL, "call_0", "look", "seen"),
        (Role.TOOL, "call_1", "ghost", "Error: there is no tool 'ghost'. Available tools: look, note."),
        (Role.TOOL, "call_2", "note", '{"n": 1}'),
    ]


async def test_calls_of_a_turn_have_paths_by_turn_and_place_among_those_that_can_be_done() -> None:
    rig = with_tools(calls(("ghost", "{}"), ("look", "{}")), calls(("look", "{}"), ("note", "{}")), says("ok"))
    state = await rig.finish("x")
    assert sorted(path for path, one in state.effects.items() if one.kind == "tool") == [
        "help#1/turn.1.call.0/tool.1",
        "help#1/turn.2.call.0/tool.1",
        "help#1/turn.2.call.1/tool.1",
    ]
    assert [one.kind for path, one in state.effects.items() if path.startswith("help#1/model.")] == ["model"] * 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (ToolError("It is full.", cure="Empty it."), "Error: It is full. Empty it."),
        (ToolError("It is full."), "Error: It is full."),
        (ToolError("Late.", code=ErrorCode.TIMEOUT), "Error: Late."),
    ],
)
async def test_model_is_told_why_a_tool_failed_and_what_to_do(fault: ToolError, words: str) -> None:
    def broken(_arguments: dict[str, Json]) -> Json:
        raise fault

    rig = with_tools(calls(("broken", "{}")), says("ok"), tools=MemoryTools({"broken": broken}))
    assert (await rig.finish("x")).output == "ok"
    assert told(rig, 1)[-1] == words


async def test_tool_with_a_fault_of_its_own_is_told_too() -> None:
    def broken(_arguments: dict[str, Json]) -> Json:
        raise RuntimeError("oops")

    rig = with_tools(calls(("broken", "{}")), says("ok"), tools=MemoryTools({"broken": broken}))
    assert (await rig.finish("x")).output == "ok"
    assert told(rig, 1)[-1] == "Error: RuntimeError: oops Report this; what was called has a fault."


async def test_refusal_is_told_without_its_reasons() -> None:
    rig = with_tools(calls(("look", "{}")), says("ok"), denied="look")
    assert (await rig.finish("x")).output == "ok"
    assert told(rig, 1)[-1] == "Error: this call is not permitted. Go on without it."


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("", "Error: A person rejected the call of look. Go on without it."),
        ("too dear", "Error: A person rejected the call of look: too dear. Go on without it."),
    ],
)
async def test_rejection_is_told_with_what_the_person_said(comment: str, words: str) -> None:
    rig = with_tools(calls(("look", "{}")), says("ok"))
    rig.authority.verdicts["look"] = Verdict.ASK
    state = await rig.go("x")
    runner = rig.runner()
    runner.deliver(state.waiting()[0], {"action": "reject", "comment": comment}, "ann")
    assert (await rig.go("x", runner)).output == "ok"
    assert told(rig, 1)[-1] == words


async def test_agent_whose_tools_are_gone_says_which() -> None:
    rig = desk(says("ok"))
    rig.graph = one_agent(tools=["note", "ghost", "gone"])
    error = await failed(rig)
    assert (error.code, error.message) == (ErrorCode.INVALID_PARAMS, "Agent 'Helper' lists tools that do not exist: ghost, gone")
    assert error.cure == "Remove them from the agent, or enable them." and rig.model.requests == []


async def test_agent_that_is_no_part_of_the_version_says_so() -> None:
    rig = desk(says("ok"))
    document = one_agent()
    rig.graph = document.model_copy(update={"agents": {"helper": LibraryAgent(library="helper")}})
    error = await failed(rig)
    assert (error.code, error.message) == (ErrorCode.INVALID_GRAPH, "Agent 'helper' is not part of this version")
    assert error.cure == "Choose an agent that exists, and publish again."


async def test_answer_that_was_withheld_is_a_refusal() -> None:
    error = await failed(desk(says("half").model_copy(update={"finish": "filtered", "model": "m-1"})))
    assert (error.code, error.message) == (
        ErrorCode.MODEL_REFUSED,
        "The answer of m-1 was withheld by the provider's filter: half",
    )
    assert "way out" in error.cure


def cut(reply: ModelReply) -> ModelReply:
    return reply.model_copy(update={"finish": "length"})


async def test_answer_that_was_cut_is_asked_for_again_in_fewer_words() -> None:
    rig = desk(cut(says("a long st")), says("short"))
    assert (await rig.finish("x")).output == "short"
    assert told(rig, 1)[0] == "a long st" and "in fewer words" in told(rig, 1)[1]


async def test_answer_that_is_cut_again_and_again_is_none() -> None:
    rig = desk(*[cut(says("half"))] * 3)
    error = await failed(rig)
    assert (error.code, error.message) == (ErrorCode.MODEL_BAD_REPLY, "Helper: The answer was cut at the output limit")
    assert error.cure == "Raise max_output_tokens, or ask for less." and len(rig.model.requests) == 3


async def test_cut_answer_with_tool_requests_performs_none_of_them() -> None:
    rig = with_tools(cut(calls(("look", "{}"))), says("ok"))
    assert (await rig.finish("x")).output == "ok"
    assert rig.tools.calls == [] and [message.role for message in rig.model.requests[1].messages] == [Role.SYSTEM, Role.USER, Role.USER]


async def test_the_same_call_with_the_same_result_is_not_made_for_ever() -> None:
    rig = with_tools(*[calls(("look", '{"a": 1}'))] * 4, says("ok"))
    assert (await rig.finish("x")).output == "ok"
    assert len(rig.tools.calls) == 3
    assert told(rig, 4)[-1] == "Error: look was called 3 times with these arguments and always gave the same. Do something else, or answer."


async def test_circles_through_two_calls_are_seen_too() -> None:
    rig = with_tools(*[calls(("look", "{}")), calls(("note", "{}"))] * 4, says("ok"), limits={"max_repairs": 2})
    assert (await rig.finish("x")).output == "ok"
    assert len(rig.tools.calls) == 6


async def test_a_call_whose_result_changes_may_be_made_as_often_as_the_limits_allow() -> None:
    count = iter(range(99))
    rig = with_tools(*[calls(("look", "{}"))] * 8, says("ok"), tools=MemoryTools({"look": lambda _: next(count)}))
    assert (await rig.finish("x")).output == "ok"
    assert len(rig.tools.calls) == 8


async def test_an_agent_that_only_goes_round_in_circles_ends_with_the_reason() -> None:
    error = await failed(with_tools(*[calls(("look", "{}"))] * 9))
    assert error.code is ErrorCode.MODEL_BAD_REPLY and "always gave the same" in error.message


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (calls(("ghost", "{}")), "unknown_tool"),
        (calls(("look", "{")), "bad_arguments"),
        (calls(*[("look", "{}")] * 40), "bad_turn"),
        (cut(says("half")), "truncated"),
        (says("no json"), "bad_answer"),
        (says(""), "empty"),
    ],
)
async def test_every_correction_is_in_the_log(reply: Reply, what: str) -> None:
    rig = with_tools(reply, says('{"label": 1}'), output_schema=SCHEMA)
    await rig.finish("x")
    [noted] = [event for event in rig.log.events if isinstance(event, Correction)]
    assert (noted.what, noted.agent, noted.left, noted.path) == (what, "helper", 1, "help#1/note.1") and noted.fault


async def test_no_model_call_begins_once_the_money_is_spent() -> None:
    """Each reply here costs ten nano-dollars."""
    rig = with_tools(*[calls(("look", "{}"))] * 3, says("ok"), limits={"max_cost_usd": 2e-8})
    error = await failed(rig)
    assert (error.code, len(rig.model.requests)) == (ErrorCode.LIMIT_EXCEEDED, 2)
    assert "US dollars" in error.message and error.cure == "Raise its max_cost_usd."


@pytest.mark.parametrize(("most", "requests"), [(1, 1), (3, 3)])
async def test_so_many_model_calls_and_no_more(most: int, requests: int) -> None:
    rig = with_tools(*[calls(("look", json.dumps({"turn": turn}))) for turn in range(9)], limits={"max_iterations": most})
    error = await failed(rig)
    assert (error.code, error.message) == (ErrorCode.LIMIT_EXCEEDED, f"Agent 'Helper' made {most} model calls without an answer")
    assert error.cure == "Raise its max_iterations, or make its instructions say when to stop."
    assert len(rig.model.requests) == requests == len(rig.tools.calls), "what was asked for in the last turn was done"


@pytest.mark.parametrize(("limit", "requests"), [(20, 1), (21, 2), (40, 2), (41, 3)])
async def test_no_model_call_begins_once_the_tokens_are_spent(limit: int, requests: int) -> None:
    """Each reply here uses ten tokens for what it was sent and ten for what it says."""
    rig = with_tools(*[calls(("look", "{}"))] * 3, says("ok"), limits={"max_tokens": limit})
    error = await failed(rig)
    assert (error.message, error.cure) == (f"Agent 'Helper' used {20 * requests} tokens, its limit", "Raise its max_tokens.")
    assert (error.code, len(rig.model.requests)) == (ErrorCode.LIMIT_EXCEEDED, requests)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (says("{}"), 'Helper: The answer does not fit the schema: "label" is a required property'),
        (calls(("ghost", "{}"), ("look", "{")), "Helper: there is no tool 'ghost'. Available tools: look, note."),
    ],
)
async def test_agent_that_may_not_be_corrected_any_more_says_what_was_wrong_first(reply: Reply, words: str) -> None:
    error = await failed(with_tools(reply, limits={"max_repairs": 0}, output_schema=SCHEMA))
    assert (error.code, error.message) == (ErrorCode.MODEL_BAD_REPLY, words)


@pytest.mark.parametrize("repairs", [0, 1, 3])
async def test_corrections_are_counted_over_the_whole_work(repairs: int) -> None:
    bad = [says("no json"), calls(("ghost", "{}")), says("[]"), says("{}")]
    rig = with_tools(*bad, limits={"max_repairs": repairs}, output_schema=SCHEMA)
    error = await failed(rig)
    assert (error.code, len(rig.model.requests)) == (ErrorCode.MODEL_BAD_REPLY, repairs + 1)
    assert error.message.startswith("Helper: ")
    assert error.cure == "Use a model that follows schemas, or raise max_repairs."


async def test_several_faults_of_one_turn_are_one_correction() -> None:
    rig = with_tools(calls(("ghost", "{}"), ("look", "{"), ("look", "{}")), says("ok"), limits={"max_repairs": 1})
    assert (await rig.finish("x")).output == "ok"
    assert len(rig.tools.calls) == 1


async def test_a06_turn_that_asks_for_too_much_is_done_in_no_part() -> None:
    rig = with_tools(calls(*[("look", "{}")] * 3), says("ok"), limits={"max_tool_calls_per_turn": 2})
    assert (await rig.finish("x")).output == "ok"
    assert told(rig, 1)[1:] == ["Error: 3 tool calls in one turn, at most 2 are allowed. Ask for fewer."] * 3
    assert rig.tools.calls == []


async def test_two_requests_with_one_id_are_done_in_no_part() -> None:
    twice = tuple(ToolRequest(id="same", name="look", arguments="{}") for _ in range(2))
    reply = ModelReply(message=Message(role=Role.ASSISTANT, tool_requests=twice), model="scripted", finish="tools")
    rig = with_tools(reply, says("ok"))
    assert (await rig.finish("x")).output == "ok"
    assert told(rig, 1)[1:] == ["Error: two tool calls have the same id. Give each its own."] * 2 and rig.tools.calls == []


async def test_answer_is_corrected_with_what_was_wrong_and_what_is_wanted() -> None:
    rig = desk(says(""), says("ok"))
    assert (await rig.finish("x")).output == "ok"
    assert told(rig, 1) == ["Your answer was empty. Answer the task."]
    rig = desk(says("{}"), says('{"label": 1}'), output_schema=SCHEMA)
    await rig.finish("x")
    wanted = f"Answer with one JSON value that fits this schema and nothing else: {json.dumps(SCHEMA)}"
    assert told(rig, 1) == ["{}", f'Your answer cannot be used: "label" is a required property. {wanted}']


async def test_fault_of_the_model_is_that_of_the_node() -> None:
    down = ModelError("It is down.", code=ErrorCode.MODEL_UNAVAILABLE, cure="Wait.", retryable=True)
    error = await failed(desk(down))
    assert error == down.info.model_copy(update={"path": "help#1/model.1"})


async def test_result_of_a_tool_of_an_agent_is_as_safe_as_the_tool() -> None:
    tools = MemoryTools({"look": lambda _: "seen"}, safety=Safety.UNSAFE)
    rig = with_tools(calls(("look", "{}")), says("ok"), tools=tools)
    state: RunState = await rig.finish("x")
    safeties = {one.kind: str(one.safety) for one in state.effects.values()}
    assert safeties == {"model": "idempotent", "tool": "unsafe"}
    asked = [(str(one.subject), one.name, one.agent, one.own_tools) for one in rig.authority.asked]
    assert asked == [
        ("model", "scripted", "helper", None),
        ("tool", "look", "helper", ("look",)),
        ("model", "scripted", "helper", None),
    ]


async def test_agent_that_works_too_long_says_how_long_it_may() -> None:
    rig = desk(says("late"), limits={"max_seconds": 0.02})
    rig.model.delay_s = 5
    error = await failed(rig)
    assert (error.code, error.message) == (ErrorCode.LIMIT_EXCEEDED, "Agent 'Helper' worked longer than 0.02 s")
    assert error.cure == "Raise its max_seconds, or give it less to do."
