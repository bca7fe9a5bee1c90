"""Pages of this room: the agents of the library."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from editor.library.actions import delete_agent
from editor.lookup import agent_for
from editor.models import LibraryAgent
from tenants.people.access import may
from tenants.policy.listed_tools import not_given
from tenants.web.pages import member_page, page_member


@require_safe
@member_page()
def agents(request: HttpRequest) -> HttpResponse:
    rows = LibraryAgent.objects.visible_to(page_member(request).user)
    return render(request, "editor/agents.html", {"agents": rows})


@ensure_csrf_cookie
@require_safe
@member_page("edit")
def agent_new(request: HttpRequest) -> HttpResponse:
    return render(request, "editor/agent.html", {"row": None, "bootstrap": _bootstrap(None, editable=True)})


@ensure_csrf_cookie
@require_safe
@member_page()
def agent(request: HttpRequest, slug: str) -> HttpResponse:
    user = page_member(request).user
    row = agent_for(user, slug)
    editable = may(user, "edit", row)
    kept_back = not_given({row.slug: row.document["tools"]})
    context = {"row": row, "bootstrap": _bootstrap(row, editable=editable), "kept_back": kept_back, "editable": editable}
    return render(request, "editor/agent.html", context)


@require_POST
@member_page()
def agent_delete(request: HttpRequest, slug: str) -> HttpResponse:
    user = page_member(request).user
    delete_agent(row=agent_for(user, slug), by=user)
    messages.success(request, f"{slug} is no longer in the library.")
    return redirect("agents")


def _bootstrap(row: LibraryAgent | None, *, editable: bool) -> dict[str, Any]:
    """What the form begins with."""
    return {
        "slug": row.slug if row else None,
        "revision": row.revision if row else 0,
        "agent": row.document if row else {"name": ""},
        "may": {"edit": editable},
        "api": "/api/v1",
    }
