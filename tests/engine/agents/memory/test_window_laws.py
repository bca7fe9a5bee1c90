"""Whatever is said, and however little fits: calls keep their results, the task stays, the budget holds where it can."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.memory.blocks import blocks_of
from orchestrator.engine.agents.memory.window import Window
from orchestrator.engine.document.registry import registered
from orchestrator.engine.effects.model import Message, Role, ToolRequest, text_parts
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json
from orchestrator.engine.log.status import RunStatus
from orchestrator.engine.testing import Bench, ScriptedModel, SignCounter, says
from tests.engine.agents.memory.harness import document, kind
from tests.engine.idle_time import run

LAWS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = st.integers(0, 600).map(lambda length: "w" * length)


@st.composite
def turns(draw: st.DrawFn) -> list[tuple[Message, ...]]:
    found: list[tuple[Message, ...]] = []
    for number in range(draw(st.integers(0, 12))):
        count = draw(st.integers(0, 3))
        if count == 0:
            role = draw(st.sampled_from([Role.ASSISTANT, Role.USER]))
            found.append((Message(role=role, content=text_parts(f"{number}" + draw(WORDS))),))
            continue
        wishes = tuple(ToolRequest(id=f"{number}.{n}", name="look", arguments="{}") for n in range(count))
        results = [
            Message(role=Role.TOOL, content=text_parts(draw(WORDS)), tool_request_id=f"{number}.{n}", name="look") for n in range(count)
        ]
        found.append((Message(role=Role.ASSISTANT, content=text_parts(draw(WORDS)), tool_requests=wishes), *results))
    return found


RULES = st.fixed_dictionaries(
    {
        "keep": st.sampled_from(["messages", "tokens"]),
        "messages": st.integers(2, 12),
        "tokens": st.integers(100, 900),
        "overflow": st.sampled_from(["drop", "summarise"]),
    }
)
TASK = Message(role=Role.USER, content=text_parts("THE TASK"))
OPENING = (Message(role=Role.SYSTEM, content=text_parts("Be brief.")),)


def tokens(messages: tuple[Message, ...] | list[Message]) -> int:
    def one(message: Message) -> int:
        wishes = (f"{wish.name} {wish.arguments}" for wish in message.tool_requests)
        return SignCounter().count("", "\n".join((message.text, *wishes))) + 4

    return sum(map(one, messages))


@LAWS
@given(turns(), turns(), RULES, st.sampled_from(["S", "summary " * 20, "much longer " * 200, ""]))
def test_laws_of_the_window(
    before: list[tuple[Message, ...]], after: list[tuple[Message, ...]], rules: dict[str, object], summary: str
) -> None:
    async def work(ctx: NodeContext) -> Json:
        conversation = Conversation(tuple(message for turn in before for message in turn)).and_then(TASK)
        window = Window("ann", ctx.agent("ann"), conversation, lambda _: None)
        for turn in ((), *after):
            conversation = conversation.and_then(*turn)
            sent = await window.sent(ctx, OPENING, conversation)
            require_laws(sent, conversation.messages, rules)
        return None

    rig = Bench(document({"short_term": rules}), model=ScriptedModel(answer=lambda _: says(summary)))
    with registered(kind(work)):
        state = run(rig.finish("x"))
    assert state.status is RunStatus.SUCCEEDED, state.error
    asked = "".join(request.messages[1].text for request in rig.model.requests)
    assert "THE TASK" not in asked


def require_laws(sent: tuple[Message, ...], said: tuple[Message, ...], rules: dict[str, object]) -> None:
    assert sent[:1] == OPENING
    known = [message for message in sent[1:] if any(message is one for one in said)]
    assert any(message is TASK for message in known), "the task is never dropped"
    assert [message for message in said if any(message is one for one in known)] == known, "in the order in which it was said"
    newest = blocks_of(said)[-1].messages
    assert tuple(known[-len(newest) :]) == newest, "what the model has just asked for is answered"
    asked = {wish.id for message in known for wish in message.tool_requests}
    answered = {message.tool_request_id for message in known if message.role is Role.TOOL}
    assert asked == answered, "a call and its result are never split"
    least = [*newest] if any(message is TASK for message in newest) else [TASK, *newest]
    if rules["keep"] == "tokens":
        budget = int(str(rules["tokens"]))
        assert tokens(sent) <= max(budget, tokens([*OPENING, *least])), "never more than the budget when possible"
    else:
        assert len(sent) - 1 <= max(int(str(rules["messages"])), len(least))
