"""What the rooms answer when they cannot do what was asked: code, message, cure, details."""

from collections.abc import Mapping
from typing import Any


class ApiProblem(Exception):
    """The request could not be carried out.

    The docstring of a class is its default message.
    """

    code = "problem"
    status = 400
    cure = ""

    def __init__(self, message: str = "", *, cure: str = "", details: Mapping[str, Any] | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.cure = cure or self.cure
        self.details = dict(details or {})
        super().__init__(self.message)


class NotFound(ApiProblem):
    """There is nothing here that you may see."""

    code = "not_found"
    status = 404
    cure = "Check the address and the workspace you are in."


class NotSignedIn(ApiProblem):
    """Sign in first."""

    code = "not_signed_in"
    status = 401
    cure = "Sign in on the page /sign-in/ or send a valid key as `Authorization: Bearer <key>`."


class Forbidden(ApiProblem):
    """Your role does not allow this."""

    code = "forbidden"
    status = 403
    cure = "Ask an administrator of the workspace for the right."


class InvalidValue(ApiProblem):
    """A value is not acceptable."""

    code = "invalid_value"
    status = 400
    cure = "Correct the value as the message says, then send it again."


class Conflict(ApiProblem):
    """This clashes with what is already there."""

    code = "conflict"
    status = 409
    cure = "Look at what is there already, then decide."


class StaleRevision(ApiProblem):
    """Somebody saved a newer revision in the meantime."""

    code = "stale_revision"
    status = 409
    cure = "Look at the newer revision, take over what you need and save again on top of it."


class TooLarge(ApiProblem):
    """The request is too large."""

    code = "too_large"
    status = 413
    cure = "Send less at once."


class TooManyAttempts(ApiProblem):
    """Too many attempts."""

    code = "too_many_attempts"
    status = 429
    cure = "Wait a quarter of an hour, then try again."
