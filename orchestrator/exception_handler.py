"""Any error of the API in one shape, that of RFC 9457 with our `code`, `cure` and `details`."""

import sys
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from editor.problems import InvalidGraph, as_json
from orchestrator.engine.document.problems import GraphInvalid
from orchestrator.engine.errors import EngineError
from orchestrator.problem_types import EngineProblem
from tenants.isolation.database import RETRY_AFTER_S, drop_connection, is_away
from tenants.problems import (
    ApiProblem,
    BadRequest,
    DatabaseSilent,
    Fault,
    Forbidden,
    Forgery,
    InvalidValue,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    NotSignedIn,
    TooLarge,
    TooManyAttempts,
    UnsupportedMediaType,
)
from tenants.web.pages import refusal

MEDIA_TYPE = "application/problem+json"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an error; None for one that is a fault of ours, which is logged as such."""
    problem = _problem(error)
    if problem is None:
        return None
    set_rollback()
    response = Response(_body(problem), status=problem.status, content_type=MEDIA_TYPE)
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
    return _told(request, Forgery())


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that is broken, or larger than forms may be."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _told(request, TooLarge())
    return _told(request, BadRequest())


def fault(request: HttpRequest) -> HttpResponse:
    """A fault of ours, which is in the log by now; or the database was away before a view was reached, or within a page."""
    problem = _database_away() if is_away(sys.exc_info()[1]) else None
    if problem is None:
        return _told(request, Fault(), bare=True)
    response = _told(request, problem, bare=True)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _told(request: HttpRequest, problem: ApiProblem, *, bare: bool = False) -> HttpResponse:
    """`bare` pages are made without the database and without anything that may have failed before."""
    if _for_programs(request):
        return JsonResponse(_body(problem), status=problem.status, content_type=MEDIA_TYPE)
    if not bare:
        return refusal(request, problem.status, problem.message, problem.cure)
    shown = {"status": problem.status, "message": problem.message, "cure": problem.cure, "request": {"COOKIES": request.COOKIES}}
    return HttpResponse(render_to_string("tenants/refusal.html", shown), status=problem.status)


def _database_away() -> ApiProblem:
    drop_connection()
    return DatabaseSilent()


def _for_programs(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _body(problem: ApiProblem) -> dict[str, Any]:
    return {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.message,
        "code": problem.code,
        "cure": problem.cure,
        "details": problem.details,
    }


def _problem(error: Exception) -> ApiProblem | None:
    match error:
        case ApiProblem():
            return error
        case Http404():
            return NotFound()
        case PermissionDenied():
            return Forbidden()
        case GraphInvalid():
            return InvalidGraph(error.info.message, cure=error.info.cure, details={"problems": as_json(error.problems)})
        case EngineError():
            return EngineProblem(error.info)
        case exceptions.APIException():
            return _of_the_framework(error)
    return _database_away() if is_away(error) else None


def _of_the_framework(error: exceptions.APIException) -> ApiProblem:
    match error:
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotSignedIn()
        case exceptions.PermissionDenied():
            return Forbidden()
        case exceptions.ValidationError():
            cure = "Correct what `details` names."
            return InvalidValue("The request has values that cannot be accepted.", cure=cure, details={"fields": error.detail})
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed(str(error.detail))
        case exceptions.NotAcceptable():
            return NotAcceptable()
        case exceptions.UnsupportedMediaType():
            return UnsupportedMediaType(str(error.detail))
        case exceptions.Throttled():
            return TooManyAttempts()
    return BadRequest(str(error.detail))
