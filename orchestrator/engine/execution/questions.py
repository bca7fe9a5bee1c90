"""What people are asked about a call: whether it may be made, and whether it happened."""

from orchestrator.engine.effects.digest import digest
from orchestrator.engine.effects.gate import GateDecision, Verdict
from orchestrator.engine.effects.human import HumanAction, HumanRequest
from orchestrator.engine.execution.effect import Effect, Waiting
from orchestrator.engine.ids import Json, Path
from orchestrator.engine.log.effect_state import EffectState

APPROVE = HumanAction(name="approve", title="Approve", style="primary", takes_value=False)
REJECT = HumanAction(name="reject", title="Reject", style="danger", takes_value=False)

HAPPENED = HumanAction(name="happened", title="It happened", style="primary")
AGAIN = HumanAction(name="again", title="It did not: call again", takes_value=False)
GIVE_UP = HumanAction(name="fail", title="Give up", style="danger", takes_value=False)


def approval_of(effect: Effect, request: Json, path: Path, run_id: str, decision: GateDecision) -> Waiting:
    """Whether exactly this call may be made; `path` is the question's own."""
    asked = HumanRequest(
        mode="approval",
        title=f"Approve {effect.name}?",
        message=f"{effect.agent or 'This graph'} wants to call {effect.name}. The policy asks for a person's approval.",
        payload=request,
        actions=(APPROVE, REJECT),
        digest=digest([run_id, path, effect.kind, request]),
        tool=effect.name,
    )
    return Waiting("human", asked.model_dump(mode="json"), agent=effect.agent, gate=decision)


def another_call(asked: Json, recorded: Json) -> GateDecision | None:
    """Why consent to the recorded question is none to the one asked now: another build may make another call at the same place."""
    shown, present = (question.get("digest") if isinstance(question, dict) else None for question in (recorded, asked))
    if shown == present:
        return None
    return GateDecision(
        verdict=Verdict.DENY,
        layer="approval",
        rule="digest",
        reason=f"A person approved the call with digest {str(shown)[:12]}, and the call to be made has {str(present)[:12]}",
        cure="Start a new run: it asks about the call as it is now.",
    )


def outcome_path(path: Path, known: EffectState) -> Path:
    """Where it is asked what became of a call. Each time it was begun is a question of its own: consent holds for one repetition."""
    return Path(f"{path}/outcome.{known.attempts}")


def outcome_of(path: Path, known: EffectState, run_id: str) -> Waiting:
    """Whether a call happened that was cut off."""
    asked = HumanRequest(
        mode="unknown_outcome",
        title=f"Did {known.name} happen?",
        message="This call was cut off while it was under way, and it must not be made twice. Look where it acts, then say.",
        payload=known.request,
        actions=(HAPPENED, AGAIN, GIVE_UP),
        digest=digest([run_id, outcome_path(path, known), known.request]),
        tool=known.name if known.gate is not None and known.gate.verdict is Verdict.ASK else "",
    )
    return Waiting("human", asked.model_dump(mode="json"), agent=known.agent)
