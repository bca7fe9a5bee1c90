"""An agent asks a person, and goes on with the answer. The run waits meanwhile, and leaves its worker."""

from dataclasses import dataclass
from typing import Final

from orchestrator.engine.effects.digest import digest
from orchestrator.engine.effects.human import EXPIRED, HumanAction, HumanRequest
from orchestrator.engine.effects.model import Part, text_parts
from orchestrator.engine.effects.tool import Safety, ToolSpec
from orchestrator.engine.execution.context import NodeContext
from orchestrator.engine.ids import Json

NAME: Final = "ask_person"
MOST_CHOICES: Final = 8
LONGEST_WAIT_S: Final = 30 * 24 * 3600
_ANSWER: Final = HumanAction(name="answer", title="Answer", style="primary")
_DECLINE: Final = HumanAction(name="decline", title="I cannot say")
_TITLE: Final = 120

SPEC: Final = ToolSpec(
    name=NAME,
    title="Ask a person",
    description="Ask a person of the workspace a question and wait for the answer. Use it when only a person can know or decide.",
    parameters={
        "type": "object",
        "properties": {
            "question": {
                "type": "string",
                "minLength": 1,
                "maxLength": 2000,
                "description": "What is asked, complete in itself",
            },
            "choices": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 120},
                "maxItems": MOST_CHOICES,
                "uniqueItems": True,
                "default": [],
                "description": "Answers to choose from; without any the person writes one",
            },
            "wait_s": {
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": LONGEST_WAIT_S,
                "description": "Seconds to wait at most; for as long as it takes when left out",
            },
        },
        "required": ["question"],
        "additionalProperties": False,
    },
    safety=Safety.PURE,
)


@dataclass(frozen=True, slots=True)
class AskPerson:
    """As one agent has it. `asker` is the agent's name, which the person is told."""

    spec: ToolSpec
    asker: str

    async def perform(self, ctx: NodeContext, arguments: dict[str, Json]) -> tuple[Part, ...]:
        question, choices, wait_s = str(arguments["question"]), arguments.get("choices"), arguments.get("wait_s")
        ways = {f"choice_{number}": str(choice) for number, choice in enumerate(choices, 1)} if isinstance(choices, list) else {}
        request = _request(self.asker, question, ways, ctx.path)
        answer = await ctx.ask(request, within_s=float(wait_s) if isinstance(wait_s, int | float) else None)
        if answer.action == EXPIRED:
            return text_parts(f"Nobody answered within {wait_s:g} s. Go on without an answer, and say that you had none.")
        said = ways.get(answer.action) or (answer.value if isinstance(answer.value, str) and answer.action == _ANSWER.name else "")
        added = f" They add: {answer.comment}" if answer.comment else ""
        if not said.strip():
            return text_parts(f"The person cannot say.{added} Go on without an answer, and say that you had none.")
        return text_parts(f"The person answers: {said}{added}")


def _request(asker: str, question: str, ways: dict[str, str], path: str) -> HumanRequest:
    """With a button for each choice; without any, with a field for the answer."""
    buttons = tuple(HumanAction(name=name, title=choice, takes_value=False) for name, choice in ways.items())
    return HumanRequest(
        mode="question",
        title=f"{asker} asks: {question}"[:_TITLE],
        message=question,
        actions=(*(buttons or (_ANSWER,)), _DECLINE),
        answer_schema=None if ways else {"type": "string", "title": "Answer", "maxLength": 10_000},
        digest=digest([path, question, [*ways.values()]]),
    )
