"""Settings pages: members, keys, tools, plug-ins."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from orchestrator.capabilities.plugins import every_plugin
from orchestrator.capabilities.tools.secrets import SECRETS
from orchestrator.capabilities.tools.terms import Lowered
from orchestrator.engine.plugins import MODELS, NODES, TOOLS
from tenants.models import Membership, ProviderKey
from tenants.people.access import may_here, role_of
from tenants.people.actions import change_role, manageable_roles, remove_member
from tenants.people.api_keys import api_keys_for, create_api_key, revoke_api_key
from tenants.people.invitations import open_invitations
from tenants.policy.cards import card_of
from tenants.policy.identities import find_identity_and_tool, grant_tool, revoke_tool, tool_matrix
from tenants.policy.tools import enable_tool, lower_tool, tool_with
from tenants.problems import InvalidValue, NotFound
from tenants.vault.provider_keys import delete_provider_key, save_provider_key
from tenants.web.pages import after, member_page, page_member, role_named

Number = TypeVar("Number", int, float)

KEY_DAYS = {"90": "For 90 days", "30": "For 30 days", "365": "For a year", "": "Until revoked"}
ADDS = {NODES: "A kind of node", TOOLS: "A tool", MODELS: "A model provider"}


@require_safe
@member_page()
def members(request: HttpRequest) -> HttpResponse:
    user = page_member(request).user
    roles = manageable_roles(role_of(user))
    rows = Membership.objects.filter(user__is_service=False).select_related("user").order_by("created_at")
    context = {"members": rows, "roles": roles, "manageable": [role.value for role in roles], "me": user, "invitations": open_invitations()}
    return render(request, "tenants/members.html", context)


@require_POST
@member_page("manage")
def member_role(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    def change() -> str:
        change_role(membership=_membership(membership_id), role=role_named(request.POST.get("role", "")), by=page_member(request).user)
        return "Role changed."

    return after(request, change, "members")


@require_POST
@member_page("manage")
def member_remove(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    def change() -> str:
        remove_member(membership=_membership(membership_id), by=page_member(request).user)
        return "Removed, with their keys and permissions."

    return after(request, change, "members")


@require_safe
@member_page()
def keys(request: HttpRequest) -> HttpResponse:
    return _keys_page(request, secret=None)


@require_POST
@member_page()
def key_create(request: HttpRequest) -> HttpResponse:
    membership = page_member(request)
    days = request.POST.get("days", "")
    if days not in KEY_DAYS:
        raise InvalidValue("A key cannot hold for that long.", cure=f"Days: {', '.join(filter(None, KEY_DAYS))}, or none.")
    expires_at = timezone.now() + timedelta(days=int(days)) if days else None
    made = create_api_key(tenant=membership.tenant, user=membership.user, label=request.POST.get("label", ""), expires_at=expires_at)
    return _keys_page(request, secret=made.secret)


@require_POST
@member_page()
def key_revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    def change() -> str:
        revoke_api_key(key_id=key_id, by=page_member(request).user)
        return "Key revoked."

    return after(request, change, "keys")


@sensitive_post_parameters("value")
@require_POST
@member_page("manage")
def provider_save(request: HttpRequest) -> HttpResponse:
    def change() -> str:
        membership = page_member(request)
        name, value = request.POST.get("name", "").strip().lower(), request.POST.get("value", "")
        return f"Key for {save_provider_key(tenant=membership.tenant, name=name, value=value, by=membership.user).name} stored."

    return after(request, change, "keys")


@require_POST
@member_page("manage")
def provider_remove(request: HttpRequest, name: str) -> HttpResponse:
    def change() -> str:
        delete_provider_key(name=name, by=page_member(request).user)
        return f"Key for {name} removed."

    return after(request, change, "keys")


@require_safe
@member_page()
def tools(request: HttpRequest) -> HttpResponse:
    """The agents are shown to managers only: their names tell of graphs that others may not see."""
    columns, rows = tool_matrix()
    rows = rows if may_here(page_member(request).user, "manage") else []
    return render(request, "tenants/tools.html", {"tools": columns, "rows": rows})


@require_safe
@member_page()
def tool(request: HttpRequest, tool_id: UUID) -> HttpResponse:
    return render(request, "tenants/tool.html", {"card": card_of(tool_with(tool_id))})


@require_POST
@member_page("manage")
def tool_terms(request: HttpRequest, tool_id: UUID) -> HttpResponse:
    def change() -> str:
        counts = {name: _number(request, name, int) for name in ("retries", "per_minute")}
        terms = Lowered(timeout_s=_number(request, "timeout_s", float), **counts)
        return f"The limits of {lower_tool(tool_id=tool_id, terms=terms, by=page_member(request).user).name} are saved."

    after(request, change, "tools")
    return redirect("tool", tool_id)


@require_safe
@member_page("manage")
def plugins(request: HttpRequest) -> HttpResponse:
    found = every_plugin()
    context = {"plugins": [(ADDS[plugin.group], plugin) for plugin in found], "skipped": sum(bool(plugin.problem) for plugin in found)}
    return render(request, "tenants/plugins.html", context)


@require_POST
@member_page("manage")
def tool_enabled(request: HttpRequest, tool_id: UUID) -> HttpResponse:
    def change() -> str:
        enabled = request.POST.get("enabled") == "true"
        tool = enable_tool(tool_id=tool_id, enabled=enabled, by=page_member(request).user)
        return f"{tool.name} switched {'on' if enabled else 'off'}."

    return after(request, change, "tools")


@require_POST
@member_page("manage")
def tool_right(request: HttpRequest, identity_id: UUID, tool_id: UUID) -> HttpResponse:
    def change() -> str:
        identity, tool = find_identity_and_tool(identity_id, tool_id)
        granted = request.POST.get("granted") == "true"
        by = page_member(request).user
        if granted:
            grant_tool(identity=identity, tool=tool, by=by)
            return f"{identity.name} may use {tool.name}."
        taken = revoke_tool(identity=identity, tool=tool, by=by)
        return f"{identity.name} may no longer use {', '.join(each.name for each in taken)}."

    return after(request, change, "tools")


def _keys_page(request: HttpRequest, secret: str | None) -> HttpResponse:
    user = page_member(request).user
    context = {
        "keys": api_keys_for(user),
        "providers": ProviderKey.objects.all(),
        "secret": secret,
        "sees_all": may_here(user, "manage"),
        "days": KEY_DAYS,
        "tool_secrets": SECRETS,
    }
    return render(request, "tenants/keys.html", context)


def _number(request: HttpRequest, name: str, kind: Callable[[str], Number]) -> Number | None:
    """What was typed; None for an empty field."""
    typed = request.POST.get(name, "").strip()[:20]
    try:
        return kind(typed) if typed else None
    except ValueError:
        raise InvalidValue(f"{typed!r} is not a number.", cure="Type digits, or leave the field empty.") from None


def _membership(membership_id: UUID) -> Membership:
    membership = Membership.objects.filter(pk=membership_id).select_related("user").first()
    if membership is None:
        raise NotFound()
    return membership
