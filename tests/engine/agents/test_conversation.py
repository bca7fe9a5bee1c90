"""Agents go on with conversations, and are offered tools that perform themselves."""

from collections.abc import Awaitable, Callable

import pytest

from orchestrator.engine.agents.answer import Answer
from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.work import work
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.document.node_kind import OUT, NodeKind, Outputs, Params
from orchestrator.engine.document.registry import registered
from orchestrator.engine.effects.human import HumanAction, HumanRequest
from orchestrator.engine.effects.model import Part, Role, text_parts
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, MemoryTools, ScriptedModel, calls, says
from tests.graphs import graph, node, path

Run = Callable[[NodeContext], Awaitable[Json]]


def kind(run: Run) -> NodeKind[Params]:
    async def outputs(ctx: NodeContext, _params: Params) -> Outputs:
        return {OUT.name: await run(ctx)}

    return NodeKind(name="team", title="Team", summary="For this test", group="agents", icon="bot", params=Params, run=outputs)


def team() -> Graph:
    agents = {name: {"name": name, "model": "scripted", "instructions": f"You are {name}.", "tools": ["note"]} for name in ("ann", "bob")}
    return graph([node("start", "input"), node("team", "team"), node("end", "output")], path("start", "team", "end"), agents=agents)


TOOLS = MemoryTools({"note": lambda _: "noted"})


async def test_one_agent_goes_on_where_another_stopped_each_with_its_own_instructions() -> None:
    answers: list[Answer] = []

    async def run(ctx: NodeContext) -> Json:
        answers.append(await work(ctx, "ann", Conversation().asked("Find a name.")))
        answers.append(await work(ctx, "bob", answers[0].conversation.asked("Judge it.")))
        return answers[1].value

    model = ScriptedModel([calls(("note", "{}")), says("Rex"), says("Good.")])
    with registered(kind(run)):
        state = await Bench(team(), model=model, tools=TOOLS).finish("x")
    assert state.output == "Good."
    assert [(message.role, message.text) for message in model.requests[2].messages] == [
        (Role.SYSTEM, "You are bob."),
        (Role.USER, "Find a name."),
        (Role.ASSISTANT, ""),
        (Role.TOOL, "noted"),
        (Role.ASSISTANT, "Rex"),
        (Role.USER, "Judge it."),
    ]
    assert [message.text for message in answers[1].conversation.messages[-2:]] == ["Judge it.", "Good."]


async def test_several_agents_go_on_from_one_conversation_without_hearing_each_other() -> None:
    async def run(ctx: NodeContext) -> Json:
        begun = Conversation().asked("Which colour?")

        async def ask(name: str, child: NodeContext) -> Json:
            return (await work(child, name, begun)).value

        both = await ctx.gather([lambda child: ask("ann", child), lambda child: ask("bob", child)], ["ann", "bob"])
        return [*both, len(begun.messages)]

    model = ScriptedModel(answer=lambda request: says(request.messages[0].text))
    with registered(kind(run)):
        state = await Bench(team(), model=model, tools=TOOLS).finish("x")
    assert state.output == ["You are ann.", "You are bob.", 1]
    assert all(len(request.messages) == 2 for request in model.requests)


class AskBoss:
    """A tool that is an object of the engine's own: it asks a person."""

    spec = ToolSpec(
        name="ask_boss",
        description="Ask the boss",
        parameters={"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]},
    )

    async def perform(self, ctx: NodeContext, arguments: dict[str, Json]) -> tuple[Part, ...]:
        asked = HumanRequest(mode="question", title=str(arguments["question"]), actions=(HumanAction(name="say", title="Say"),))
        return text_parts((await ctx.ask(asked)).comment)


async def test_an_offered_tool_performs_itself_and_is_not_asked_again() -> None:
    async def run(ctx: NodeContext) -> Json:
        return (await work(ctx, "ann", Conversation().asked("Decide."), more_tools=[AskBoss()])).value

    model = ScriptedModel([calls(("ask_boss", '{"question": "May I?"}'), ("note", "{}")), says("I may.")])
    rig = Bench(team(), model=model, tools=MemoryTools(dict(TOOLS.functions)))
    with registered(kind(run)):
        state = await rig.go("x")
        assert state.status is RunStatus.WAITING
        [asked] = state.waiting()
        assert asked == "team#1/turn.1.call.0/human.1"
        runner = rig.runner()
        runner.deliver(asked, {"action": "say", "value": None, "comment": "You may."}, "ann", "7")
        state = await rig.go("x", runner)
    assert state.output == "I may."
    assert [message.text for message in model.requests[1].messages[-2:]] == ["You may.", "noted"]
    assert len(rig.tools.calls) == 1


@pytest.mark.parametrize("arguments", ["NaN", '{"question": NaN}', '{"question": "\\ud800"}', "[]", '{"question": 1}', "{}"])
async def test_arguments_that_cannot_be_used_are_corrected(arguments: str) -> None:
    async def run(ctx: NodeContext) -> Json:
        return (await work(ctx, "ann", Conversation().asked("Decide."), more_tools=[AskBoss()])).value

    model = ScriptedModel([calls(("ask_boss", arguments)), says("Without.")])
    with registered(kind(run)):
        state = await Bench(team(), model=model, tools=TOOLS).finish("x")
    assert state.output == "Without."
    assert model.requests[1].messages[-1].text.startswith("Error: the arguments of ask_boss")
