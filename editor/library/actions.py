"""What changes the agents of the library."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from editor.faults import faults_of
from editor.models import LibraryAgent
from editor.slugs import slug_of
from orchestrator.capabilities.evaluation.limits import TookTooMuch
from orchestrator.engine.document.agents.agent import Agent
from orchestrator.engine.document.reading import agent_faults
from tenants.models import Tenant, Tool, User
from tenants.people.access import require, require_here
from tenants.policy.identities import drop_identities
from tenants.policy.listed_tools import give_listed_tools
from tenants.problems import ApiProblem, Conflict, InvalidValue, NotFound, StaleRevision

RESERVED_SLUGS = frozenset({"new", "all"})
"""`new` is an address, `all` is every agent in a policy."""

LONGEST_SLUG = 60


class InvalidAgent(ApiProblem):
    """This is not an agent."""

    code = "invalid_agent"
    cure = "Mend every field listed, then save again."


def create_agent(*, tenant: Tenant, agent: Any, by: User, slug: str = "") -> LibraryAgent:
    """A new agent in the library. Without a slug one is made from its name."""
    require_here(by, "edit")
    content = read_agent(agent)
    slug = slug or slug_of(content.name, otherwise="agent")
    if slug in RESERVED_SLUGS:
        raise Conflict(f"{slug!r} is reserved.", cure="Choose another name.")
    if not slug or slugify(slug) != slug or len(slug) > LONGEST_SLUG:
        raise InvalidValue(f"{slug[:60]!r} is not a slug.", cure=f"Use small letters, digits and hyphens, at most {LONGEST_SLUG}.")
    try:
        with transaction.atomic():
            row = LibraryAgent.objects.create(tenant=tenant, slug=slug, document=content.model_dump(mode="json"), updated_by=by)
            give_listed_tools(tenant=tenant, wanted={slug: content.tools}, by=by, first=[slug])
    except IntegrityError as error:
        raise Conflict(f"There is an agent {slug!r} already.", cure="Choose another name.") from error
    return row


def save_agent(*, row: LibraryAgent, agent: Any, revision: int, by: User) -> LibraryAgent:
    """Save on top of `revision`. Graphs take the change over when they are next frozen."""
    require(by, "edit", row)
    content = read_agent(agent)
    with transaction.atomic():
        written = LibraryAgent.objects.filter(pk=row.pk, revision=revision).update(
            document=content.model_dump(mode="json"), revision=revision + 1, updated_at=timezone.now(), updated_by=by
        )
        if not written:
            raise _stale(row)
        give_listed_tools(tenant=row.tenant, wanted={row.slug: content.tools}, by=by)
    return LibraryAgent.objects.get(pk=row.pk)


def delete_agent(*, row: LibraryAgent, by: User) -> None:
    """Versions keep the agent as it was; drafts that refer to it get a problem."""
    require(by, "edit", row)
    with transaction.atomic():
        LibraryAgent.objects.filter(pk=row.pk).delete()
        drop_identities(tenant_id=row.tenant_id, agent=row.slug)


def read_agent(agent: Any) -> Agent:
    """The agent in a document. Raises InvalidAgent with the fields that do not fit."""
    try:
        problems, _ = faults_of(agent_faults, agent)
    except TookTooMuch as error:
        raise InvalidAgent(f"The agent cannot be read. {error.info.message}", cure="Make it smaller.") from error
    if problems:
        found = [{"field": each.field, "message": each.message.removeprefix(f"{each.field}: ")} for each in problems]
        raise InvalidAgent(f"{found[0]['field'] or 'agent'}: {found[0]['message']}", details={"problems": found})
    content = Agent.model_validate(agent)
    unknown = sorted(set(content.tools) - set(Tool.objects.values_list("name", flat=True)))
    if unknown:
        raise InvalidAgent(
            f"There is no tool {unknown[0]!r}.", details={"problems": [{"field": "tools", "message": f"unknown: {', '.join(unknown)}"}]}
        )
    return content


def _stale(row: LibraryAgent) -> StaleRevision | NotFound:
    latest = LibraryAgent.objects.filter(pk=row.pk).first()
    if latest is None:
        return NotFound()
    return StaleRevision(details={"revision": latest.revision, "agent": latest.document, "updated_at": latest.updated_at.isoformat()})
