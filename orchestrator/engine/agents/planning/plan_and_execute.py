"""Make a plan, do its steps one by one, look at the plan again after each (after Wang et al. 2023, arXiv:2305.04091)."""

from dataclasses import dataclass, field
from typing import Final

from orchestrator.engine.agents.answer import Answer, BadReply
from orchestrator.engine.agents.conversation import Conversation
from orchestrator.engine.agents.turns import Schema, Turns
from orchestrator.engine.document.agents.strategy import PlanAndExecute
from orchestrator.engine.effects.digest import digest
from orchestrator.engine.effects.human import HumanAction, HumanRequest
from orchestrator.engine.errors import LimitExceeded, Rejected
from orchestrator.engine.ids import Json
from orchestrator.engine.log import events as ev

GO_ON: Final = HumanAction(name="go_on", title="Go on with this plan", style="primary", takes_value=False)
EDIT: Final = HumanAction(name="edit", title="Go on with my changes")
STOP: Final = HumanAction(name="stop", title="Stop", style="danger", takes_value=False)
_SHOWN: Final = 4_000
"""Characters of a step's result that later steps are told."""


@dataclass(slots=True)
class _Plan:
    """`todo` are the steps still to do; `done` those behind, each with what came of it."""

    todo: list[str]
    done: list[tuple[str, str]] = field(default_factory=list)
    revision: int = 1

    def words(self) -> str:
        behind = [f"{number}. (done) {step}\n   Result: {result}" for number, (step, result) in enumerate(self.done, 1)]
        ahead = [f"{number}. {step}" for number, step in enumerate(self.todo, len(self.done) + 1)]
        return "\n".join([*behind, *ahead]) or "(empty)"


async def solve(turns: Turns, task: Conversation, schema: Schema, strategy: PlanAndExecute) -> Answer:
    plan = await _first_plan(turns, task, strategy)
    while plan.todo:
        if len(plan.done) == strategy.max_steps:
            raise LimitExceeded(
                f"Agent {turns.agent.name!r} did {len(plan.done)} steps of its plan and has {len(plan.todo)} more to do",
                cure="Raise the number of steps of its plan, or give it less to do.",
            )
        number = len(plan.done) + 1
        if strategy.review == "each" or (strategy.review == "first" and number == 1):
            await _reviewed(turns.at(f"review.{number}"), plan, strategy)
        result = await _done(turns.at(f"step.{number}"), task, plan, last=not strategy.replan)
        plan.done.append((plan.todo.pop(0), result))
        _note(turns, plan, "")
        if strategy.replan:
            await _look_again(turns.at(f"replan.{number}"), turns, task, plan, strategy)
    return await turns.at("answer").converse(task.asked(_ANSWER.format(plan=plan.words())), schema)


async def _first_plan(turns: Turns, task: Conversation, strategy: PlanAndExecute) -> _Plan:
    asked = task.asked(_PLAN.format(most=strategy.max_steps, tools=_tools(turns)))
    drawn = (await turns.at("plan").converse(asked, _steps_schema(strategy.max_steps), tools={})).value
    plan = _Plan(_texts(drawn))
    _note(turns, plan, "")
    return plan


async def _done(turns: Turns, task: Conversation, plan: _Plan, *, last: bool) -> str:
    """What came of the next step. A step that failed is told to whoever looks at the plan next; where nobody does, it fails the work."""
    asked = task.asked(_STEP.format(plan=plan.words(), step=plan.todo[0]))
    try:
        result = (await turns.converse(asked, None)).value
    except BadReply as error:
        if last:
            raise
        return f"This step failed: {error.info.message}"
    return str(result)[:_SHOWN]


async def _look_again(turns: Turns, whole: Turns, task: Conversation, plan: _Plan, strategy: PlanAndExecute) -> None:
    left = strategy.max_steps - len(plan.done)
    asked = task.asked(_AGAIN.format(plan=plan.words(), left=left))
    seen = (await turns.converse(asked, _again_schema(strategy.max_steps), tools={})).value
    assert isinstance(seen, dict)
    todo = [] if seen["finished"] else _texts(seen)
    if todo != plan.todo:
        plan.todo, plan.revision = todo, plan.revision + 1
        _note(whole, plan, str(seen["why"]))


async def _reviewed(turns: Turns, plan: _Plan, strategy: PlanAndExecute) -> None:
    """Let a person change what is still to do. Raises Rejected when they stop it."""
    shown: dict[str, Json] = {"steps": list(plan.todo)}
    request = HumanRequest(
        mode="review",
        title=f"Plan of {turns.agent.name}",
        message=plan.words(),
        payload=shown,
        actions=(GO_ON, EDIT, STOP),
        answer_schema=_steps_schema(strategy.max_steps),
        digest=digest([turns.path, shown]),
    )
    answer, by = await turns.asked_of_people(request)
    if answer.action == STOP.name:
        raise Rejected(f"A person stopped the plan of {turns.agent.name}{': ' + answer.comment if answer.comment else ''}")
    if answer.action == EDIT.name and answer.value is not None and answer.value != shown:
        plan.todo, plan.revision = _texts(answer.value), plan.revision + 1
        _note(turns, plan, answer.comment or "Changed by a person", by)


def _note(turns: Turns, plan: _Plan, why: str, by: str = "") -> None:
    steps = (*(step for step, _ in plan.done), *plan.todo)
    done, revision = len(plan.done), plan.revision
    turns.note(lambda path, agent: ev.Planned(path=path, agent=agent, revision=revision, steps=steps, done=done, why=why, by=by))


def _tools(turns: Turns) -> str:
    listed = [f"- {name}: {tool.spec.description.splitlines()[0][:200]}" for name, tool in turns.tools.items() if tool.spec.description]
    return "\n".join(listed) or "- none"


def _texts(value: Json) -> list[str]:
    """The steps of a plan that fits its schema."""
    steps = value.get("steps") if isinstance(value, dict) else None
    return [str(step) for step in steps] if isinstance(steps, list) else []


def _steps_schema(most: int) -> dict[str, Json]:
    steps: Json = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 2_000}, "minItems": 1, "maxItems": most}
    return {"type": "object", "properties": {"steps": steps}, "required": ["steps"], "additionalProperties": False}


def _again_schema(most: int) -> dict[str, Json]:
    steps: Json = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 2_000}, "maxItems": most}
    return {
        "type": "object",
        "properties": {
            "why": {"type": "string", "description": "What the last result changes"},
            "finished": {"type": "boolean", "description": "Whether enough is known to answer the task"},
            "steps": steps,
        },
        "required": ["why", "finished", "steps"],
        "additionalProperties": False,
    }


_PLAN: Final = (
    "Do not solve the task yet. Make a plan for it: the fewest steps that lead to the answer, at most {most}, each a task of its own "
    "that can be done with these tools and what earlier steps found:\n{tools}\nAnswer with the steps in order."
)
_STEP: Final = "This is the plan so far:\n{plan}\n\nDo this step now, and only this one: {step}\nAnswer with what it found."
_AGAIN: Final = (
    "This is the plan so far, with what its steps found:\n{plan}\n\nLook at it again. Say whether enough is known to answer the task. "
    "If not, give all steps that are still to do, at most {left}: keep those that still make sense, change or drop the others."
)
_ANSWER: Final = "The plan is done:\n{plan}\n\nNow answer the task itself, from what was found."
