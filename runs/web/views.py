"""Pages of this room: the runs, one run, what waits for a person, what it cost."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from orchestrator.engine.log.status import RunStatus
from runs.control.answer_form import answer_of
from runs.control.answers import answer
from runs.control.approvals import open_approvals, request_at, who_else
from runs.control.problems import InvalidAnswer
from runs.web.costs import GROUPINGS, NARROWING, costs
from runs.web.lookup import run_for, runs_for
from tenants.people.access import may
from tenants.web.pages import after, member_page, page_member
from tenants.web.paging import NEWEST_FIRST, OLDEST_FIRST, page_of_rows


@require_safe
@member_page()
def runs(request: HttpRequest) -> HttpResponse:
    wanted = {name: request.GET.get(name, "") for name in ("graph", "status")}
    page, following = page_of_rows(runs_for(page_member(request).user, **wanted), NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    return render(request, "runs/runs.html", {"runs": page, "next": following, "statuses": list(RunStatus), **wanted})


@ensure_csrf_cookie
@require_safe
@member_page()
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    member = page_member(request)
    row = run_for(member.user, run_id)
    bootstrap = {
        "id": str(row.pk),
        "user": {"name": member.user.name},
        "tenant": {"slug": member.tenant.slug, "name": member.tenant.name},
        "may": {"cancel": may(member.user, "cancel", row), "answer": may(member.user, "answer", row)},
        "api": "/api/v1",
        "socket": f"/ws/runs/{row.pk}/",
    }
    return render(request, "runs/run.html", {"run": row, "bootstrap": bootstrap})


@require_safe
@member_page()
def approvals(request: HttpRequest) -> HttpResponse:
    return _inbox(request)


def _inbox(request: HttpRequest, refused: dict[str, Any] | None = None) -> HttpResponse:
    """`refused` is an answer that cannot be taken, with what was typed: it stays in its form."""
    user = page_member(request).user
    page, following = page_of_rows(open_approvals(user), OLDEST_FIRST, cursor=request.GET.get("cursor", ""))
    for asked in page:
        asked.why_not = who_else(user, asked)  # type: ignore[attr-defined]
    shown = {"approvals": page, "next": following, "refused": refused or {}}
    return render(request, "runs/approvals.html", shown, status=400 if refused else 200)


@require_POST
@member_page()
def approval_answer(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One decision, bound to what the form showed."""
    user = page_member(request).user
    texts = {name: request.POST.get(name, "") for name in ("path", "action", "comment", "digest")}
    typed = request.POST.get("value")

    def decide() -> str:
        run = run_for(user, run_id)
        value = answer_of(request_at(run, texts["path"]), texts["action"], typed)
        answer(run=run, by=user, value=value, **texts)
        return "Your answer was taken. The run goes on."

    try:
        return after(request, decide, "approvals", not_for=InvalidAnswer)
    except InvalidAnswer as problem:
        return _inbox(request, {"run": run_id, "typed": typed, "problem": problem, **texts})


@require_safe
@member_page()
def costs_page(request: HttpRequest) -> HttpResponse:
    asked = {"by": request.GET.get("by", "graph"), "since": request.GET.get("from", ""), "until": request.GET.get("to", "")}
    only = {name: request.GET.get(name, "") for name in NARROWING}
    found = costs(page_member(request).user, **asked, only=only)
    shown = {"groupings": GROUPINGS, "title": GROUPINGS[asked["by"]].title, "only": [value for value in only.values() if value]}
    return render(request, "runs/costs.html", {**found, **asked, **shown})
