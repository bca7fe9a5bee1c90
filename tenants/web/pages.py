"""What every page that needs a member has in common."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from tenants.models import Membership
from tenants.people.access import may_here
from tenants.people.membership import active_membership
from tenants.problems import ApiProblem, InvalidValue, NotSignedIn
from tenants.roles import Action, MemberRole

View = Callable[..., HttpResponse]


def page_member(request: HttpRequest) -> Membership:
    """The membership of the person at the browser. API keys open no pages."""
    membership = active_membership(request)
    if membership.user_id != request.user.pk:
        raise NotSignedIn()
    return membership


def member_page(action: Action = "view") -> Callable[[View], View]:
    """A page for members whose role allows `action`. Problems become a page of their own status."""

    def decorate(view: View) -> View:
        @wraps(view)
        def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                membership = page_member(request)
                if not may_here(membership.user, action):
                    return refusal(request, 403, "Your role does not allow this.", "Ask an administrator of the workspace for the right.")
                return view(request, *args, **kwargs)
            except NotSignedIn:
                return without_membership(request)
            except ApiProblem as problem:
                return refusal(request, problem.status, problem.message, problem.cure)

        return respond

    return decorate


def refusal(request: HttpRequest, status: int, message: str, cure: str) -> HttpResponse:
    return render(request, "tenants/refusal.html", {"status": status, "message": message, "cure": cure}, status=status)


def without_membership(request: HttpRequest) -> HttpResponse:
    """To the sign-in page; who is signed in but a member of nothing gets told so."""
    if request.user.is_authenticated:
        return refusal(request, 403, "You are not a member of a workspace.", "Ask somebody who manages one to invite you.")
    return HttpResponseRedirect(f"{reverse('sign_in')}?{urlencode({'next': request.get_full_path()})}")


def after(
    request: HttpRequest, change: Callable[[], str], target: str, *, not_for: type[ApiProblem] | tuple[type[ApiProblem], ...] = ()
) -> HttpResponse:
    """Carry out what a form asks, say how it went, and go back to the page `target`. Raises a problem of kind `not_for`."""
    try:
        messages.success(request, change())
    except not_for:
        raise
    except ApiProblem as problem:
        messages.error(request, f"{problem.message} {problem.cure}".strip())
    return redirect(target)


def role_named(value: str) -> MemberRole:
    if value not in MemberRole.values:
        raise InvalidValue(f"There is no role {value[:40]!r}.", cure=f"Roles: {', '.join(MemberRole.values)}.")
    return MemberRole(value)
