"""The page of what agents remember."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from runs.memory.people import correct, forget, forget_space, found_by, memories_for, memory_for, spaces_for
from runs.models import Memory
from tenants.people.access import may_here
from tenants.problems import InvalidValue
from tenants.web.pages import after, member_page, page_member
from tenants.web.paging import NEWEST_FIRST, page_of_rows

LONGEST_ASKED = 500


@require_safe
@member_page()
def memories(request: HttpRequest) -> HttpResponse:
    user = page_member(request).user
    wanted = {name: request.GET.get(name, "")[:63] for name in ("space", "kind")}
    if wanted["kind"] not in ("", *Memory.Kind.values):
        raise InvalidValue(f"There is no kind {wanted['kind'][:40]!r}.", cure=f"Use one of: {', '.join(Memory.Kind.values)}.")
    asked = request.GET.get("q", "").strip()[:LONGEST_ASKED]
    shown: dict[str, Any] = {**wanted, "q": asked, "next": None}
    if asked:
        shown["rows"] = [{"memory": one.memory, "score": one.ranked.score} for one in found_by(user, asked, **wanted)]
    else:
        rows, shown["next"] = page_of_rows(memories_for(user, **wanted), NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
        shown["rows"] = [{"memory": row, "score": None} for row in rows]
    shown |= {"spaces": spaces_for(user), "kinds": Memory.Kind.choices, "may_edit": may_here(user, "edit")}
    return render(request, "runs/memories.html", shown)


@require_safe
@member_page()
def memory(request: HttpRequest, memory_id: int) -> HttpResponse:
    """One of them, where runs lead to."""
    user = page_member(request).user
    shown = {"rows": [{"memory": memory_for(user, memory_id), "score": None}], "only": memory_id, "may_edit": may_here(user, "edit")}
    return render(request, "runs/memories.html", shown)


@require_POST
@member_page("edit")
def memory_correct(request: HttpRequest, memory_id: int) -> HttpResponse:
    def change() -> str:
        correct(page_member(request).user, memory_id, request.POST.get("text", ""))
        return "The memory was corrected."

    return after(request, change, "memories")


@require_POST
@member_page("edit")
def memory_delete(request: HttpRequest, memory_id: int) -> HttpResponse:
    def change() -> str:
        forget(page_member(request).user, memory_id)
        return "The memory was deleted."

    return after(request, change, "memories")


@require_POST
@member_page("edit")
def memory_space_delete(request: HttpRequest, space: str) -> HttpResponse:
    def change() -> str:
        count = forget_space(page_member(request).user, space)
        return f"{count} {'memory' if count == 1 else 'memories'} of {space} deleted."

    return after(request, change, "memories")
