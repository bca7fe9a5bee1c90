"""What this room answers when it cannot do what was asked."""

from tenants.problems import Conflict, InvalidValue


class RunFinished(Conflict):
    """The run has ended."""

    code = "run_finished"
    cure = "Start a new run."


class NotPaused(Conflict):
    """The run is not paused."""

    code = "not_paused"
    cure = "Only a paused run can go on."


class AlreadyPaused(Conflict):
    """The run is paused already."""

    code = "already_paused"
    cure = "Let it go on with `resume`."


class NotWaiting(Conflict):
    """Nothing waits for an answer there."""

    code = "not_waiting"
    cure = "Look at the run again: the question may have been withdrawn or may have expired."


class AlreadyDecided(Conflict):
    """Somebody has answered this already."""

    code = "already_decided"
    cure = "Look at the run again: one decision counts, and it was made."


class AnotherCall(Conflict):
    """What would be performed is not what was shown."""

    code = "digest_mismatch"
    cure = "Look at the call as it stands now, then decide."


class UnknownStep(Conflict):
    """The run has no such step."""

    code = "unknown_step"
    cure = "Send as `to` the path of the step's first attempt: `path` of its first event `node_started` in GET /api/v1/runs/<id>/events."


class StepEnded(Conflict):
    """The step has ended: its agent reads nothing any more."""

    code = "step_ended"
    cure = "Say it to a step that is still at work, or start a new run."


class NoAgentThere(Conflict):
    """No agent works in that step."""

    code = "no_agent_there"
    cure = "Say it to a step whose node has an agent."


class InvalidInput(InvalidValue):
    """The input does not fit the graph."""

    code = "invalid_input"
    cure = "Send `input` as the graph's input schema describes it."


class DigestMissing(InvalidValue):
    """The answer does not say what was shown."""

    code = "digest_missing"
    cure = (
        "Send `digest` as the question has it: in GET /api/v1/approvals, or in `request` of the event `effect_started` "
        "at this path in GET /api/v1/runs/<id>/events."
    )


class InvalidAnswer(InvalidValue):
    """The answer does not fit the question."""

    code = "invalid_answer"


class KeyReused(Conflict):
    """Something else was started under this key before."""

    code = "idempotency_key_reused"
    cure = "Send the same request again, or use a new key."
