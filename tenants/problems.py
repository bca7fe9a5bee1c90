"""What the rooms answer when they cannot do what was asked: code, title, message, cure, details."""

from collections.abc import Mapping
from typing import Any


class ApiProblem(Exception):
    """The request could not be carried out.

    The first line of a class's docstring is its title, and its default message.
    """

    code = "problem"
    status = 400
    cure = ""

    def __init__(self, message: str = "", *, cure: str = "", details: Mapping[str, Any] | None = None) -> None:
        self.message = message or self.title
        self.cure = cure or self.cure
        self.details = dict(details or {})
        super().__init__(self.message)

    @property
    def title(self) -> str:
        """What all problems of this code have in common."""
        return title_of(type(self))


def title_of(kind: type[ApiProblem]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


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


class PreconditionFailed(ApiProblem):
    """`If-Match` does not name the present revision."""

    code = "precondition_failed"
    status = 412
    cure = StaleRevision.cure


class PreconditionRequired(ApiProblem):
    """It must be said on top of which revision this is saved."""

    code = "precondition_required"
    status = 428
    cure = "Send `If-Match` with the `ETag` that you read, or the field `revision`."


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


class BadRequest(ApiProblem):
    """The request cannot be understood."""

    code = "bad_request"
    cure = "Check the address and what was sent."


class Forgery(ApiProblem):
    """This form does not come from a page of yours."""

    code = "forgery"
    status = 403
    cure = "Open the page again, then send it again."


class MethodNotAllowed(ApiProblem):
    """This address does not know the method."""

    code = "method_not_allowed"
    status = 405
    cure = "Use one of the methods that the header `Allow` names."


class NotAcceptable(ApiProblem):
    """The answer cannot be given in the media type asked for."""

    code = "not_acceptable"
    status = 406
    cure = "Accept `application/json`, or send no `Accept`."


class UnsupportedMediaType(ApiProblem):
    """A body of this media type is not read here."""

    code = "unsupported_media_type"
    status = 415
    cure = "Send `Content-Type: application/json`."


class Fault(ApiProblem):
    """Something went wrong on our side."""

    code = "internal"
    status = 500
    cure = "Try again; if it stays, the server's log says more."


class DatabaseSilent(ApiProblem):
    """The database does not answer."""

    code = "database_away"
    status = 503
    cure = "Try again in a moment; nothing was changed."
