"""What the tool lists of saved graphs and agents give by themselves, and what waits for a manager.

A manager's save gives what is newly listed. Anybody else's gives an identity its first tools only: those listed
before the graph has a version, or when the library first has the agent. Whatever comes later waits, and so does
every tool that a manager took from anybody in the workspace: no other name, copy or new graph brings it back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q

from tenants.models import ServiceIdentity, Tenant, Tool, ToolGrant, ToolUserObjectPermission, User
from tenants.people.access import may_here
from tenants.people.actions import create_service_users
from tenants.policy.rights import forget_rights
from tenants.problems import InvalidValue

Lists = Mapping[str, Iterable[str]]
"""The names of tools by the name of the identity that is to use them."""


MOST_LISTED = 8_000
"""Of all agents of one graph: to write the rights of so many holds up others for some seconds."""


def give_listed_tools(*, tenant: Tenant, wanted: Lists, by: User, first: Collection[str] = ()) -> None:
    """Let each identity have the tools newly on its list, or wait for them. What was once decided stays decided.

    `first` names the identities whose first tools these are. What waited and is not listed any more waits no more.
    """
    tools = {tool.name: tool for tool in Tool.objects.all()}
    listed = {name: [tools[tool] for tool in dict.fromkeys(named) if tool in tools] for name, named in wanted.items()}
    asked = sum(map(len, listed.values()))
    if asked > MOST_LISTED:
        raise InvalidValue(f"The agents list {asked} tools together, at most {MOST_LISTED} are allowed.", cure="Give each what it needs.")
    with transaction.atomic():
        changed = _forget_what_waits_in_vain(listed)
        identities = _identities(tenant, [name for name, of in listed.items() if of])
        decided = set(ToolGrant.objects.filter(identity__in=identities.values()).values_list("identity_id", "tool_id"))
        new = [
            (identities[name], tool, name) for name, of in listed.items() for tool in of if (identities[name].pk, tool.pk) not in decided
        ]
        if new:
            manages, withheld = may_here(by, "manage"), withheld_tools()
            own = frozenset(first)
            _decide([(identity, tool, not (manages or (name in own and tool.pk not in withheld))) for identity, tool, name in new], by)
        if new or changed:
            transaction.on_commit(lambda: forget_rights(tenant.id))


def withheld_tools() -> set[UUID]:
    """The keys of the tools that were taken from somebody, and of all others of their families: only managers give them."""
    taken = Tool.objects.filter(Q(withheld=True) | Q(grants__revoked_at__isnull=False))
    families = taken.exclude(family="").values("family")
    return set(Tool.objects.filter(Q(pk__in=taken.values("pk")) | Q(family__in=families)).values_list("pk", flat=True))


def not_given(wanted: Lists) -> list[ToolGrant]:
    """What is listed and waits for a manager, or was taken away."""
    listed = {(name, tool) for name, named in wanted.items() for tool in named}
    kept_back = Q(waits=True) | Q(revoked_at__isnull=False)
    rows = ToolGrant.objects.filter(kept_back, identity__name__in=list(wanted)).select_related("identity", "tool")
    found = [row for row in rows if (row.identity.name, row.tool.name) in listed]
    return sorted(found, key=lambda row: (row.identity.name, row.tool.name))


def _decide(new: Sequence[tuple[ServiceIdentity, Tool, bool]], by: User) -> None:
    """Each with whether it waits. All at once: other writers wait for as long as this takes."""
    ToolGrant.objects.bulk_create(
        ToolGrant(tenant_id=identity.tenant_id, identity=identity, tool=tool, waits=waits, decided_by=by) for identity, tool, waits in new
    )
    use = Permission.objects.get(content_type__app_label="tenants", content_type__model="tool", codename="use_tool")
    ToolUserObjectPermission.objects.bulk_create(
        [
            ToolUserObjectPermission(permission=use, user_id=identity.user_id, content_object=tool)
            for identity, tool, waits in new
            if not waits
        ],
        ignore_conflicts=True,
    )


def _forget_what_waits_in_vain(listed: Mapping[str, Sequence[Tool]]) -> bool:
    waiting = ToolGrant.objects.filter(waits=True, identity__name__in=list(listed)).values_list("pk", "identity__name", "tool_id")
    in_vain = [key for key, name, tool in waiting if tool not in {one.pk for one in listed[name]}]
    if in_vain:
        ToolGrant.objects.filter(pk__in=in_vain).delete()
    return bool(in_vain)


def _identities(tenant: Tenant, names: Sequence[str]) -> dict[str, ServiceIdentity]:
    found = {identity.name: identity for identity in ServiceIdentity.objects.filter(name__in=names)}
    missing = [name for name in names if name not in found]
    users = create_service_users(missing)
    made = [ServiceIdentity(tenant=tenant, name=name, user=user) for name, user in zip(missing, users, strict=True)]
    return found | {identity.name: identity for identity in ServiceIdentity.objects.bulk_create(made)}
