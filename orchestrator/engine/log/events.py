"""The vocabulary of a run: everything that can be in its log.

Whoever adds, removes or changes a field raises
the version `v` of that type and adds a step to `upcast.py`; the forms are pinned by a test.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from orchestrator.engine.document.graph import ReducerName
from orchestrator.engine.effects.gate import GateDecision
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorInfo
from orchestrator.engine.ids import EdgeId, Json, NodeId, Path, PortName, Scope
from orchestrator.engine.log.event import Event as Event
from orchestrator.engine.log.notes import AgentHeard as AgentHeard
from orchestrator.engine.log.notes import AgentTold as AgentTold
from orchestrator.engine.log.notes import Considered as Considered
from orchestrator.engine.log.notes import Correction as Correction
from orchestrator.engine.log.notes import CorrectionKind as CorrectionKind
from orchestrator.engine.log.notes import Decision as Decision
from orchestrator.engine.log.notes import Note as Note
from orchestrator.engine.log.notes import Planned as Planned
from orchestrator.engine.log.notes import Reflected as Reflected
from orchestrator.engine.log.notes import Summarised as Summarised
from orchestrator.engine.log.notes import Thought as Thought


class RunStarted(Event):
    type: Literal["run_started"] = "run_started"
    input: Json = None


class RunClaimed(Event):
    """A worker took the run up. `cause`: first, woken (an answer, a timer, a command), takeover.

    `build` names the code that the worker runs; empty when that is not known.
    """

    type: Literal["run_claimed"] = "run_claimed"
    worker: str
    epoch: int
    cause: Literal["first", "woken", "takeover"]
    build: str = ""


class RunSuspended(Event):
    """Nothing is left to do until one of `waiting_on` is answered or `wake_at_us` comes."""

    type: Literal["run_suspended"] = "run_suspended"
    waiting_on: tuple[Path, ...] = ()
    wake_at_us: int | None = None


class RunPaused(Event):
    type: Literal["run_paused"] = "run_paused"
    by: str = ""


class RunUnpaused(Event):
    type: Literal["run_unpaused"] = "run_unpaused"
    by: str = ""


class RunSucceeded(Event):
    type: Literal["run_succeeded"] = "run_succeeded"
    output: Json = None


class RunFailed(Event):
    type: Literal["run_failed"] = "run_failed"
    error: ErrorInfo


class RunCancelled(Event):
    type: Literal["run_cancelled"] = "run_cancelled"
    by: str = ""
    reason: str = ""


class RunCrashed(Event):
    """The platform gave up on the run. `detector` names who found out."""

    type: Literal["run_crashed"] = "run_crashed"
    detector: str
    detail: str = ""


class RunLimitExceeded(Event):
    type: Literal["run_limit_exceeded"] = "run_limit_exceeded"
    error: ErrorInfo


class ScopeStarted(Event):
    """The body of `node`, which stands in scope `parent`, begins for item number `index`, counted from 0."""

    type: Literal["scope_started"] = "scope_started"
    scope: Scope
    parent: Scope
    node: NodeId
    index: int
    label: str = ""
    seed: Json = None


class ScopeFinished(Event):
    """`output` is what the body delivered; `error` says why it did not."""

    type: Literal["scope_finished"] = "scope_finished"
    scope: Scope
    output: Json = None
    error: ErrorInfo | None = None


class StepEvent(Event):
    """About one activation of a node. `path` names the attempt."""

    path: Path
    scope: Scope
    node: NodeId
    activation: int


class NodeStarted(StepEvent):
    type: Literal["node_started"] = "node_started"
    attempt: int = 1
    inputs: dict[PortName, Json] = {}


class ChannelWrite(BaseModel):
    """Shared state takes `value` in through `reducer`, beginning from `initial`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str
    reducer: ReducerName
    initial: Json = None
    value: Json = None


class NodeFinished(StepEvent):
    """`edges` are the outgoing edges that were taken; `writes` happen with it, or not at all."""

    type: Literal["node_finished"] = "node_finished"
    outputs: dict[PortName, Json] = {}
    edges: tuple[EdgeId, ...] = ()
    writes: tuple[ChannelWrite, ...] = ()


class NodeFailed(StepEvent):
    """After the last attempt. `handled`: the error left by the error port or a default took its place."""

    type: Literal["node_failed"] = "node_failed"
    error: ErrorInfo
    handled: bool = False
    outputs: dict[PortName, Json] = {}
    edges: tuple[EdgeId, ...] = ()


class NodeRetrying(StepEvent):
    """An attempt failed; the next one starts at `retry_at_us`."""

    type: Literal["node_retrying"] = "node_retrying"
    attempt: int
    error: ErrorInfo
    retry_at_us: int


class NodeSkipped(StepEvent):
    type: Literal["node_skipped"] = "node_skipped"


class EffectStarted(Event):
    """Something in the world is about to be done, or is waited for: then the run may leave its worker.

    `kind`: model, tool, human, timer, recall, remember, frames, start_run, and run for the end of what that started.
    `name`: the model, the tool, the memory, the video.
    """

    type: Literal["effect_started"] = "effect_started"
    path: Path
    kind: str
    name: str = ""
    agent: str = ""
    fingerprint: str
    request: Json = None
    waits: bool = False
    safety: Safety = Safety.PURE
    idempotency_key: str = ""
    gate: GateDecision | None = None
    retried: bool = False
    """A former worker had started it and nobody knows how it ended."""


class EffectFinished(Event):
    type: Literal["effect_finished"] = "effect_finished"
    path: Path
    result: Json = None
    usage: Usage | None = None
    by: str = ""
    """The person who answered, for kind human: the name that is shown."""
    by_id: str = ""
    """The same person as the host identifies them."""


class EffectAttemptFailed(Event):
    """One try at a provider failed; the call goes on with another in `retry_in_s` seconds.

    `attempt` counts from 1. `usage` is what the try cost nevertheless.
    """

    type: Literal["effect_attempt_failed"] = "effect_attempt_failed"
    path: Path
    attempt: int
    error: ErrorInfo
    retry_in_s: float
    usage: Usage | None = None


class EffectFailed(Event):
    """The effect failed for good. `usage` is what its last try cost nevertheless."""

    type: Literal["effect_failed"] = "effect_failed"
    path: Path
    error: ErrorInfo
    usage: Usage | None = None


class EffectRefused(Event):
    """The gate said no: nothing was done, or not again when the effect had been started before."""

    type: Literal["effect_refused"] = "effect_refused"
    path: Path
    kind: str
    name: str = ""
    agent: str = ""
    fingerprint: str
    request: Json = None
    gate: GateDecision


class EffectReused(Event):
    """An earlier attempt of the step made this very call, the unsafe effect at `of`: its result is taken, nothing is done again."""

    type: Literal["effect_reused"] = "effect_reused"
    path: Path
    of: Path


class EffectUnknown(Event):
    """An unsafe effect was cut off, by a time limit, a failure or a death: whether it happened is for a person to say."""

    type: Literal["effect_unknown"] = "effect_unknown"
    path: Path


class ReplayAdopted(Event):
    """Another build asked for this effect in other words: its recorded result is taken all the same.

    `fingerprint` is that of what the present build asks; from now on it is the effect's.
    """

    type: Literal["replay_adopted"] = "replay_adopted"
    path: Path
    fingerprint: str


RunEvent = Annotated[
    RunStarted
    | RunClaimed
    | RunSuspended
    | RunPaused
    | RunUnpaused
    | RunSucceeded
    | RunFailed
    | RunCancelled
    | RunCrashed
    | RunLimitExceeded
    | ScopeStarted
    | ScopeFinished
    | NodeStarted
    | NodeFinished
    | NodeFailed
    | NodeRetrying
    | NodeSkipped
    | EffectStarted
    | EffectFinished
    | EffectAttemptFailed
    | EffectFailed
    | EffectRefused
    | EffectReused
    | EffectUnknown
    | ReplayAdopted
    | Decision
    | Thought
    | Correction
    | Planned
    | Considered
    | Reflected
    | Summarised
    | AgentTold
    | AgentHeard,
    Field(discriminator="type"),
]

run_event: TypeAdapter[RunEvent] = TypeAdapter(RunEvent)
"""Loads any event of the present form from JSON or Python data; `upcast.read_event` loads older ones too."""
