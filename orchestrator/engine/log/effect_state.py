"""Where one effect stands, and what all of them used, as their events tell."""

from dataclasses import dataclass, field

from orchestrator.engine.effects.gate import GateDecision
from orchestrator.engine.effects.model import Usage
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorInfo
from orchestrator.engine.ids import Json
from orchestrator.engine.log.events import EffectRefused, EffectStarted
from orchestrator.engine.log.status import EffectStatus


@dataclass(slots=True)
class AttemptFailure:
    """A try at a provider that failed and was followed by another."""

    attempt: int
    at_us: int
    error: ErrorInfo
    retry_in_s: float
    usage: Usage | None


@dataclass(slots=True)
class EffectState:
    kind: str
    name: str
    agent: str
    fingerprint: str
    status: EffectStatus
    started_seq: int
    build: str = ""
    """Of the worker that began it first."""
    safety: Safety = Safety.PURE
    idempotency_key: str = ""
    request: Json = None
    result: Json = None
    by: str = ""
    """Who answered it: the name that is shown."""
    by_id: str = ""
    """The same person as the host identifies them."""
    error: ErrorInfo | None = None
    usage: Usage | None = None
    gate: GateDecision | None = None
    attempts: int = 1
    """How many times it was begun: once, and again for each worker that was lost in it."""
    failures: list[AttemptFailure] = field(default_factory=list)
    adopted: bool = False
    """Its result was taken although the present build asks for it in other words."""

    @classmethod
    def begun(cls, event: EffectStarted | EffectRefused, status: EffectStatus, build: str) -> "EffectState":
        """What is known of an effect by the event that first tells of it."""
        return cls(
            kind=event.kind,
            name=event.name,
            agent=event.agent,
            fingerprint=event.fingerprint,
            status=status,
            started_seq=event.seq,
            build=build,
            request=event.request,
            gate=event.gate,
        )


@dataclass(slots=True)
class UsageTotals:
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano_usd: int = 0
    repeated: int = 0
    """Model calls made again because nobody knew how the first ended; they may be billed twice."""

    def count(self, usage: Usage | None) -> None:
        if usage is None:
            return
        self.calls += 1
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens
        self.cost_nano_usd += usage.cost_nano_usd
