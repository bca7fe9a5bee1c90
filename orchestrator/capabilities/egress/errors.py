"""Why a request was not made, or did not succeed."""

from typing import Literal

FailureKind = Literal["connection", "timeout", "too_large", "bad_response", "encoding", "redirects"]


class EgressError(Exception):
    """`cure` says what to do about it."""

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure


class EgressRefused(EgressError):
    """The rules do not allow this request; nothing was sent."""


class EgressFailed(EgressError):
    """The request was allowed and failed. `sent`: it may have arrived all the same."""

    def __init__(self, message: str, *, kind: FailureKind, cure: str = "", sent: bool = True) -> None:
        super().__init__(message, cure=cure)
        self.kind = kind
        self.sent = sent
