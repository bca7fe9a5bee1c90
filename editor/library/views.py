"""Pages of this room: the agents of the library."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from editor.library.actions import InvalidAgent, create_agent, delete_agent, save_agent
from editor.library.strategy_form import read_number, strategy_of, ways_of
from editor.lookup import agent_for
from editor.models import LibraryAgent
from orchestrator.engine.document.agents.agent import Agent, AgentLimits
from orchestrator.engine.json_text import NotJson, read_json
from tenants.models import Tool, User
from tenants.people.access import may, may_here
from tenants.policy.listed_tools import not_given
from tenants.problems import ApiProblem
from tenants.web.pages import member_page, page_member

NUMBERS = ("temperature", "max_output_tokens")


@require_safe
@member_page()
def agents(request: HttpRequest) -> HttpResponse:
    rows = LibraryAgent.objects.visible_to(page_member(request).user)
    return render(request, "editor/agents.html", {"agents": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@member_page("edit")
def agent_new(request: HttpRequest) -> HttpResponse:
    member = page_member(request)
    if request.method != "POST":
        return _form(request, Agent.model_construct(name="", model="").model_dump(mode="json"))
    try:
        row = create_agent(tenant=member.tenant, agent=document_of(request.POST), by=member.user)
    except ApiProblem as problem:
        return _form(request, _as_typed(request.POST), problem=problem)
    messages.success(request, f"{row.document['name']} is in the library.")
    return redirect("agent", slug=row.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page()
def agent(request: HttpRequest, slug: str) -> HttpResponse:
    user = page_member(request).user
    row = agent_for(user, slug)
    if request.method != "POST":
        return _form(request, row.document, row=row)
    try:
        given = request.POST.get("revision", "")
        revision = int(given) if given.isdecimal() and len(given) < 10 else 0
        save_agent(row=row, agent=document_of(request.POST), revision=revision, by=user)
    except ApiProblem as problem:
        return _form(request, _as_typed(request.POST), row=row, problem=problem)
    messages.success(request, "Saved. Graphs take it over with their next version.")
    return redirect("agent", slug=slug)


@require_POST
@member_page()
def agent_delete(request: HttpRequest, slug: str) -> HttpResponse:
    user = page_member(request).user
    delete_agent(row=agent_for(user, slug), by=user)
    messages.success(request, f"{slug} is no longer in the library.")
    return redirect("agents")


def document_of(form: QueryDict) -> dict[str, Any]:
    """The agent that a form describes, not yet checked. Raises InvalidAgent for a schema that is not JSON."""
    document: dict[str, Any] = {name: form.get(name, "").replace("\r\n", "\n") for name in ("name", "model", "instructions")}
    document["tools"] = form.getlist("tools")
    document["strategy"] = strategy_of(form)
    document["limits"] = {name: read_number(typed) for name in AgentLimits.model_fields if (typed := form.get(name))}
    document |= {name: read_number(typed) for name in NUMBERS if (typed := form.get(name))}
    schema = form.get("output_schema", "").strip()
    if schema:
        try:
            document["output_schema"] = read_json(schema)
        except NotJson as error:
            raise InvalidAgent(f"output_schema: not JSON ({error}).", cure="Write a JSON Schema or leave it empty.") from error
    return document


def _as_typed(form: QueryDict) -> dict[str, Any]:
    """What was typed, to be shown again beside the problem."""
    typed: dict[str, Any] = {name: form.get(name, "") for name in ("name", "model", "instructions", "output_schema", *NUMBERS)}
    return typed | {
        "tools": form.getlist("tools"),
        "strategy": strategy_of(form),
        "limits": {name: form.get(name, "") for name in AgentLimits.model_fields},
    }


def _form(
    request: HttpRequest, document: dict[str, Any], *, row: LibraryAgent | None = None, problem: ApiProblem | None = None
) -> HttpResponse:
    user: User = page_member(request).user
    schema = document.get("output_schema")
    context = {
        "document": document,
        "schema": schema if isinstance(schema, str) or schema is None else json.dumps(schema, indent=2),
        "limits": [(name, info.title, document["limits"].get(name)) for name, info in AgentLimits.model_fields.items()],
        "ways": ways_of(document.get("strategy")),
        "tools": Tool.objects.all(),
        "row": row,
        "kept_back": not_given({row.slug: row.document["tools"]}) if row else [],
        "problem": problem,
        "faulty": {each["field"].split(".")[-1] for each in problem.details.get("problems", [])} if problem else set(),
        "editable": may(user, "edit", row) if row else may_here(user, "edit"),
    }
    return render(request, "editor/agent.html", context, status=problem.status if problem else 200)
