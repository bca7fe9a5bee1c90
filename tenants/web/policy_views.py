"""The policy page: edit, problems by line, what each version changed."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from tenants.models import PolicyVersion
from tenants.people.access import may_here
from tenants.policy.policy import STARTER, PolicyInvalid, current_policy, policy_diff, save_policy
from tenants.problems import NotFound, StaleRevision
from tenants.web.pages import member_page, page_member


@require_http_methods(["GET", "HEAD", "POST"])
@member_page()
def policy(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _save(request)
    latest = current_policy()
    return _page(request, yaml=latest.yaml if latest else STARTER, version=latest.number if latest else 0)


@require_safe
@member_page()
def policy_version(request: HttpRequest, number: int) -> HttpResponse:
    version = PolicyVersion.objects.filter(number=number).select_related("created_by").first()
    if version is None:
        raise NotFound()
    before = PolicyVersion.objects.filter(number=number - 1).first()
    return render(request, "tenants/policy_version.html", {"version": version, "diff": _marked(policy_diff(before, version))})


def _save(request: HttpRequest) -> HttpResponse:
    membership = page_member(request)
    # Browsers send forms with CRLF; lines and columns are counted in what is stored.
    yaml = request.POST.get("yaml", "").replace("\r\n", "\n")
    given = request.POST.get("version", "")
    version = int(given) if given.isdecimal() and len(given) < 10 else -1
    try:
        saved = save_policy(tenant=membership.tenant, yaml=yaml, version=version, by=membership.user)
    except PolicyInvalid as problem:
        return _page(request, yaml=yaml, version=version, status=problem.status, problems=problem.details["problems"])
    except StaleRevision as problem:
        return _page(request, yaml=yaml, version=problem.details["version"], status=problem.status, newer=problem.details)
    messages.success(request, f"Policy version {saved.number} saved. It holds from now on, also for runs in flight.")
    return redirect("policy")


def _page(request: HttpRequest, *, yaml: str, version: int, status: int = 200, **context: Any) -> HttpResponse:
    versions = PolicyVersion.objects.select_related("created_by").order_by("-number")[:20]
    editable = may_here(page_member(request).user, "manage")
    context |= {"yaml": yaml, "version": version, "versions": versions, "editable": editable}
    return render(request, "tenants/policy.html", context, status=status)


def _marked(lines: list[str]) -> list[tuple[str, str]]:
    """Each line of a diff with its meaning in a word."""
    words = {"+": "added", "-": "removed", "@": "place"}
    return [(words.get(line[:1], "same"), line) for line in lines[2:]]
