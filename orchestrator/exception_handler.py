"""Any error of the API in one shape: code, message, cure, details."""

import sys
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from orchestrator.engine.document.problems import GraphInvalid
from orchestrator.engine.errors import EngineError
from tenants.isolation.database import RETRY_AFTER_S, drop_connection, is_away
from tenants.problems import ApiProblem, Forbidden, NotFound, NotSignedIn, TooLarge
from tenants.web.pages import refusal


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error; None for one that is a fault of ours, which is logged as such."""
    problem = _problem(error)
    if problem is None:
        return None
    set_rollback()
    response = Response(_body(problem), status=problem.status)
    if problem.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if problem.status == 503:
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def missing_address(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that leads nowhere: for programs in the words of a missing thing, for people as a page."""
    return _told(request, NotFound())


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _told(request, Forbidden())


def forgery(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that no page of this session has sent, or whose page is out of date."""
    return _told(
        request, _of("forgery", "This form does not come from a page of yours.", "Open the page again, then send it again.", 403, {})
    )


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that is broken, or larger than forms may be."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _told(request, TooLarge())
    return _told(request, _of("bad_request", "The request cannot be understood.", "Check the address and what was sent.", 400, {}))


def fault(request: HttpRequest) -> HttpResponse:
    """A fault of ours, which is in the log by now; or the database was away before a view was reached, or within a page."""
    problem = _database_away() if is_away(sys.exc_info()[1]) else None
    if problem is None:
        message, cure = "Something went wrong on our side.", "Try again; if it stays, the server's log says more."
        return _told(request, _of("internal", message, cure, 500, {}), bare=True)
    response = _told(request, problem, bare=True)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _told(request: HttpRequest, problem: ApiProblem, *, bare: bool = False) -> HttpResponse:
    """`bare` pages are made without the database and without anything that may have failed before."""
    if _for_programs(request):
        return JsonResponse(_body(problem), status=problem.status)
    if not bare:
        return refusal(request, problem.status, problem.message, problem.cure)
    shown = {"status": problem.status, "message": problem.message, "cure": problem.cure, "request": {"COOKIES": request.COOKIES}}
    return HttpResponse(render_to_string("tenants/refusal.html", shown), status=problem.status)


def _database_away() -> ApiProblem:
    drop_connection()
    return _of("database_away", "The database does not answer.", "Try again in a moment; nothing was changed.", 503, {})


def _for_programs(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _body(problem: ApiProblem) -> dict[str, Any]:
    return {"code": problem.code, "message": problem.message, "cure": problem.cure, "details": problem.details}


def _problem(error: Exception) -> ApiProblem | None:
    match error:
        case ApiProblem():
            return error
        case Http404():
            return NotFound()
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotSignedIn()
        case PermissionDenied() | exceptions.PermissionDenied():
            return Forbidden()
        case GraphInvalid():
            return _of(error.info.code, error.info.message, error.info.cure, 400, {"problems": [p.model_dump() for p in error.problems]})
        case EngineError():
            return _of(error.info.code, error.info.message, error.info.cure, 400, {})
        case exceptions.ValidationError():
            return _of(
                "invalid_value",
                "The request has values that cannot be accepted.",
                "Correct what `details` names.",
                400,
                {"fields": error.detail},
            )
        case exceptions.APIException():
            return _of(str(error.default_code), str(error.detail), "", error.status_code, {})
    return _database_away() if is_away(error) else None


def _of(code: str, message: str, cure: str, status: int, details: dict[str, Any]) -> ApiProblem:
    problem = ApiProblem(message, cure=cure, details=details)
    problem.code, problem.status = code, status
    return problem
