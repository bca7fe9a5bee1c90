"""What can go wrong, in families: a failure is never mistaken for a run that waits.

The docstring of a class is its default message.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.ids import Path

if TYPE_CHECKING:
    from orchestrator.engine.effects.model import Usage


class ErrorCode(StrEnum):
    INVALID_GRAPH = "invalid_graph"
    INVALID_INPUT = "invalid_input"
    INVALID_PARAMS = "invalid_params"
    INVALID_OUTPUT = "invalid_output"
    EXPRESSION_FAILED = "expression_failed"
    LIMIT_EXCEEDED = "limit_exceeded"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    REJECTED = "rejected"
    TOOL_FAILED = "tool_failed"
    OUTCOME_UNKNOWN = "outcome_unknown"
    MODEL_UNKNOWN = "model_unknown"
    MODEL_AUTH = "model_auth"
    MODEL_NO_CREDIT = "model_no_credit"
    MODEL_RATE_LIMITED = "model_rate_limited"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_TIMEOUT = "model_timeout"
    MODEL_BAD_REQUEST = "model_bad_request"
    MODEL_BAD_REPLY = "model_bad_reply"
    MODEL_REFUSED = "model_refused"
    MODEL_STREAM_CUT = "model_stream_cut"
    REPLAY_DIVERGED = "replay_diverged"
    NO_ROUTE = "no_route"
    INTERNAL = "internal"


class ErrorInfo(BaseModel):
    """An error as it is recorded and shown: what was got, what was expected, how to mend it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: ErrorCode
    message: str
    cure: str = ""
    retryable: bool = False
    retry_after_s: float | None = None
    path: Path | None = None


class EngineError(Exception):
    """Something failed; `info` says what and how to mend it."""

    code = ErrorCode.INTERNAL
    cure = ""
    retryable = False
    usage: "Usage | None" = None
    """What was spent on it nevertheless."""

    def __init__(
        self,
        message: str = "",
        *,
        code: ErrorCode | None = None,
        cure: str = "",
        retryable: bool | None = None,
        retry_after_s: float | None = None,
        path: Path | None = None,
    ) -> None:
        text = message or (type(self).__doc__ or "").strip()
        super().__init__(text)
        self.info = ErrorInfo(
            code=code or self.code,
            message=text,
            cure=cure or self.cure,
            retryable=self.retryable if retryable is None else retryable,
            retry_after_s=retry_after_s,
            path=path,
        )

    @classmethod
    def of(cls, info: ErrorInfo) -> Self:
        """The error that `info` records."""
        error = cls(info.message)
        error.info = info
        return error


class ExpressionFailed(EngineError):
    """An expression could not be evaluated."""

    code = ErrorCode.EXPRESSION_FAILED


class LimitExceeded(EngineError):
    """An agent or a node crossed one of its limits."""

    code = ErrorCode.LIMIT_EXCEEDED


class EndsRun(EngineError):
    """Something that ends the run, whatever a node says about its errors."""


class RunLimitReached(EndsRun):
    """The run crossed one of its limits."""

    code = ErrorCode.LIMIT_EXCEEDED


class LoopEnteredAgain(EndsRun):
    """Something came into a loop that had been entered before: whose round it belongs to cannot be told."""

    code = ErrorCode.INVALID_GRAPH
    cure = "Let one value enter the loop: close its way in after the first with a condition, or put the loop into a map."


class ModelError(EngineError):
    """The model could not be asked or did not answer properly."""

    code = ErrorCode.MODEL_UNAVAILABLE


class ToolError(EngineError):
    """The tool failed."""

    code = ErrorCode.TOOL_FAILED


class MemoryFailed(EngineError):
    """What is remembered could not be read or written."""

    code = ErrorCode.TOOL_FAILED


class Refused(EngineError):
    """The gate refused the call."""

    code = ErrorCode.REFUSED
    cure = "Ask an administrator to allow it in the policy or to grant it to the agent."


class Rejected(EngineError):
    """A person rejected the call."""

    code = ErrorCode.REJECTED


class ReplayDiverged(EndsRun):
    """The replay asked for another effect than the log records at this path."""

    code = ErrorCode.REPLAY_DIVERGED
    cure = "Run the graph version that wrote this log; it cannot be continued with another."


class IllegalTransition(EngineError):
    """The state machine does not allow this transition."""


class UnknownEvent(Exception):
    """A log holds an event that only a later build can have written: a worker of that build must go on with the run.

    `v` is the version that the event names.
    """

    def __init__(self, type: str, v: int) -> None:
        super().__init__(f"This build does not know version {v} of event {type!r}")
        self.type = type
        self.v = v


class LeaseLost(BaseException):
    """This worker no longer owns the run: it stops at once and writes nothing more.

    Not a failure of the run, and a BaseException so that no node mistakes it for one.
    """


class HostUnavailable(BaseException):
    """What the host needs for an answer cannot be reached: the run is given back as due, to be tried again.

    Raised by a host from any of its ports; `Runner.run` raises it once all that was under way has
    ended. Not a failure of the run, and a BaseException so that no node mistakes it for one.
    """


_OF_KIND: dict[str, type[EngineError]] = {
    "model": ModelError,
    "tool": ToolError,
    "start_run": ToolError,
    "recall": MemoryFailed,
    "remember": MemoryFailed,
}


def failure_of(kind: str, info: ErrorInfo) -> EngineError:
    """What a failed effect of this kind raises: made of what the log records, so that a replay raises the same."""
    return _OF_KIND.get(kind, EngineError).of(info)
