"""Pages of this room: graphs and who may touch them."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from editor.graphs.actions import create_graph, delete_graph, duplicate_graph, restrict_graph, start_from
from editor.lookup import graph_for, rights_on
from editor.models import Graph
from editor.starters.catalog import starters as shipped_starters
from tenants.models import Membership
from tenants.people.access import actions_on, require, role_of, share
from tenants.problems import ApiProblem, NotFound
from tenants.roles import OBJECT_PERMISSIONS, ROLE_ACTIONS, SHARED_ACTIONS, MemberRole
from tenants.web.pages import member_page, page_member


@require_safe
@member_page()
def graphs(request: HttpRequest) -> HttpResponse:
    user = page_member(request).user
    rows = Graph.objects.visible_to(user).with_latest_version().select_related("updated_by").order_by("-updated_at", "pk")
    rows = rows.defer("document", "example_input")
    may_edit = "edit" in ROLE_ACTIONS[role_of(user) or MemberRole.VIEWER]
    shown = {"graphs": rows, "starters": shipped_starters() if may_edit else [], "to_begin_with": _to_begin_with(rows)}
    return render(request, "editor/graphs.html", shown)


def _to_begin_with(rows: Iterable[Graph]) -> Graph | None:
    """The graph that was made of the first starter: it runs as it stands."""
    known = {row.slug: row for row in rows}
    return next((known[starter.slug] for starter in shipped_starters() if starter.slug in known), None)


@require_POST
@member_page("edit")
def graph_create(request: HttpRequest) -> HttpResponse:
    """An empty graph with the title given, or one that begins as a starter."""
    member = page_member(request)
    wanted = request.POST.get("starter", "")
    starter = next((starter for starter in shipped_starters() if starter.slug == wanted), None)
    try:
        if wanted and starter is None:
            raise NotFound()
        if starter:
            graph = start_from(starter=starter, tenant=member.tenant, by=member.user)
        else:
            graph = create_graph(tenant=member.tenant, title=request.POST.get("title", ""), by=member.user)
    except ApiProblem as problem:
        messages.error(request, f"{problem.message} {problem.cure}".strip())
        return redirect("graphs")
    return redirect("graph", slug=graph.slug)


@ensure_csrf_cookie
@require_safe
@member_page()
def graph(request: HttpRequest, slug: str) -> HttpResponse:
    member = page_member(request)
    row = graph_for(member.user, slug)
    bootstrap = {
        "slug": row.slug,
        "user": {"name": member.user.name},
        "tenant": {"slug": member.tenant.slug, "name": member.tenant.name},
        "may": rights_on(member.user, row),
        "api": "/api/v1",
    }
    return render(request, "editor/graph.html", {"graph": row, "bootstrap": bootstrap})


@require_POST
@member_page()
def graph_duplicate(request: HttpRequest, slug: str) -> HttpResponse:
    user = page_member(request).user
    return redirect("graph", slug=duplicate_graph(graph=graph_for(user, slug), by=user).slug)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page()
def graph_delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks first, then deletes."""
    user = page_member(request).user
    row = graph_for(user, slug)
    require(user, "edit", row)
    if request.method != "POST":
        return render(request, "editor/graph_delete.html", {"graph": row})
    delete_graph(graph=row, by=user)
    messages.success(request, f"“{row.title}” is deleted. Its runs can still be looked at.")
    return redirect("graphs")


@require_safe
@member_page("manage")
def graph_access(request: HttpRequest, slug: str) -> HttpResponse:
    row = graph_for(page_member(request).user, slug)
    members = Membership.objects.filter(user__is_service=False).select_related("user").order_by("user__username")
    people = [(each, ROLE_ACTIONS[MemberRole(each.role)], actions_on(each.user, row)) for each in members]
    return render(request, "editor/graph_access.html", {"graph": row, "people": people, "actions": OBJECT_PERMISSIONS})


@require_POST
@member_page("manage")
def graph_restrict(request: HttpRequest, slug: str) -> HttpResponse:
    user = page_member(request).user
    restrict_graph(graph=graph_for(user, slug), restricted=request.POST.get("restricted") == "true", by=user)
    return redirect("graph_access", slug=slug)


@require_POST
@member_page("manage")
def graph_share(request: HttpRequest, slug: str) -> HttpResponse:
    """Give one member exactly the permissions that are ticked."""
    user = page_member(request).user
    person = Membership.objects.filter(user__username=request.POST.get("user", "")).select_related("user").first()
    if person is None:
        raise NotFound()
    wanted = set(request.POST.getlist("actions"))
    chosen = frozenset(action for action in SHARED_ACTIONS if action in wanted)
    share(target=graph_for(user, slug), user=person.user, actions=chosen, by=user)
    return redirect("graph_access", slug=slug)
