"""Coming in, going out, changing the workspace."""

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tenants.models import Membership, User
from tenants.people.sessions import choose_tenant, limit_to
from tenants.people.sign_in import BROWSER_KNOWN_FOR, browser_mark, sign_in_with_password, usable_link, use_link
from tenants.problems import ApiProblem, NotFound
from tenants.web.pages import member_page, page_member, refusal

BROWSER_COOKIE = "known_browser"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = _safe_target(request)
    if request.method != "POST":
        return render(request, "registration/sign_in.html", {"next": target})
    try:
        user = sign_in_with_password(
            address=request.META.get("REMOTE_ADDR", ""),
            browser=request.COOKIES.get(BROWSER_COOKIE, ""),
            username=request.POST.get("username", ""),
            password=request.POST.get("password", ""),
        )
    except ApiProblem as problem:
        return render(request, "registration/sign_in.html", {"next": target, "problem": problem}, status=problem.status)
    request.session.flush()
    login(request, user, backend=BACKEND)
    return _remembered(HttpResponseRedirect(target), user)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link shows a button; only pressing it uses the link up, so no prefetcher can."""
    try:
        if request.method != "POST":
            return render(request, "registration/sign_in_link.html", {"link": usable_link(token)})
        link = use_link(token)
    except ApiProblem as problem:
        return refusal(request, problem.status, problem.message, problem.cure)
    request.session.flush()
    login(request, link.user, backend=BACKEND)
    limit_to(request.session, link.tenant_id)
    return _remembered(redirect("/"), link.user)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign_in")


@require_POST
@member_page()
def switch_tenant(request: HttpRequest, slug: str) -> HttpResponse:
    page_member(request)
    memberships: list[Membership] = request.memberships  # type: ignore[attr-defined]
    chosen = next((each for each in memberships if each.tenant.slug == slug), None)
    if chosen is None:
        raise NotFound()
    choose_tenant(request.session, chosen.tenant_id)
    return redirect("/")


def _remembered(response: HttpResponse, user: User) -> HttpResponse:
    """Later failures of others do not shut this browser out."""
    age = int(BROWSER_KNOWN_FOR.total_seconds())
    response.set_cookie(BROWSER_COOKIE, browser_mark(user), max_age=age, path=reverse("sign_in"), httponly=True, samesite="Strict")
    return response


def _safe_target(request: HttpRequest) -> str:
    """Where to go after signing in: never to another site."""
    target = request.POST.get("next") or request.GET.get("next") or "/"
    return target if url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()) else "/"
