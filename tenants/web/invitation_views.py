"""Inviting people, and accepting an invitation."""

from uuid import UUID

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tenants.models import Invitation, User
from tenants.people.invitations import accept, accept_as_new_person, invite, take_back, usable_invitation
from tenants.people.sessions import admit, choose_tenant
from tenants.problems import ApiProblem
from tenants.web.pages import after, member_page, page_member, refusal, role_named

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_POST
@member_page("manage")
def invitation_create(request: HttpRequest) -> HttpResponse:
    """The link is shown this once, by the answer itself."""
    membership = page_member(request)
    made: list[tuple[Invitation, str]] = []

    def change() -> str:
        role = role_named(request.POST.get("role", ""))
        new = invite(tenant=membership.tenant, who=request.POST.get("who", ""), role=role, by=membership.user)
        made.append((new.row, new.token))
        return f"{new.row.who} is invited."

    back = after(request, change, "members")
    if not made:
        return back
    row, token = made[0]
    link = request.build_absolute_uri(reverse("invitation", args=[token]))
    return render(request, "tenants/invitation_link.html", {"invitation": row, "link": link})


@require_POST
@member_page("manage")
def invitation_take_back(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    def change() -> str:
        take_back(invitation_id=invitation_id, by=page_member(request).user)
        return "Taken back. Its link opens nothing any more."

    return after(request, change, "members")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who is signed in accepts for their own account; others sign in first, or make an account."""
    try:
        row = usable_invitation(token)
    except ApiProblem as problem:
        return refusal(request, problem.status, problem.message, problem.cure)
    if request.method != "POST":
        return _page(request, row)
    try:
        if request.user.is_authenticated:
            _accept(request, token, request.user)
        else:
            _accept_as_new_person(request, token)
    except ApiProblem as problem:
        return _page(request, row, problem)
    return redirect("/")


def _accept(request: HttpRequest, token: str, user: User) -> None:
    membership = accept(token=token, user=user)
    admit(request.session, membership.tenant_id)


def _accept_as_new_person(request: HttpRequest, token: str) -> None:
    membership = accept_as_new_person(token=token, name=request.POST.get("name", ""), password=request.POST.get("password", ""))
    request.session.flush()
    login(request, membership.user, backend=BACKEND)
    choose_tenant(request.session, membership.tenant_id)


def _page(request: HttpRequest, row: Invitation, problem: ApiProblem | None = None) -> HttpResponse:
    context = {"invitation": row, "problem": problem, "name": request.POST.get("name", "")}
    return render(request, "tenants/invitation.html", context, status=problem.status if problem else 200)
