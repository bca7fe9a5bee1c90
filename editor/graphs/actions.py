"""What changes graphs. Each checks permission, writes once and never over somebody's newer work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from editor.graphs.files import store_files
from editor.models import Graph, GraphUserObjectPermission, GraphVersion
from editor.problems import InvalidGraph, as_json, problems_of, read_document, stored_document
from editor.slugs import slug_of, with_ending
from editor.starters.catalog import Starter
from editor.versions.tool_use import give_tools_of, tools_not_given
from editor.versions.versions import freeze, has_version
from orchestrator.engine.document.graph import Graph as GraphDocument
from orchestrator.engine.document.problems import GraphInvalid, Problem
from tenants.models import Tenant, User
from tenants.people.access import require, require_here
from tenants.policy.identities import drop_identities
from tenants.problems import Conflict, InvalidValue, NotFound, StaleRevision

LONGEST_TITLE = 200
LONGEST_NOTE = 500
NAMELESS = "graph"
"""Begins the slug of a title that none can be made of."""


@dataclass(frozen=True, slots=True)
class SavedDraft:
    revision: int
    problems: list[Problem]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Attached:
    """What a graph has beside its document: stored files by name, and an input to try it with."""

    files: dict[str, str]
    example_input: dict[str, Any] | None


def create_graph(*, tenant: Tenant, title: str, by: User, slug: str = "", document: Any = None, attached: Attached | None = None) -> Graph:
    """A new graph; `title` is its document's too. Without a slug one is made from the title."""
    require_here(by, "edit")
    title = _title(title)
    content = read_document({} if document is None else document).model_copy(update={"title": title})
    if slug and slugify(slug) != slug:
        raise InvalidValue(f"{slug[:60]!r} is not a slug.", cure="Use small letters, digits and hyphens.")
    attached = attached or Attached({}, None)
    problems = problems_of(content)
    row = Graph(
        tenant=tenant,
        title=title,
        document=content.model_dump(mode="json"),
        files=attached.files,
        example_input=attached.example_input,
        problem_count=len(problems),
        created_by=by,
        updated_by=by,
    )
    # A slug that was free may be taken by now; one of two that are made at once gets an ending.
    for chosen in [slug] if slug else [_free_slug(title, by), with_ending(slug_of(title, otherwise=NAMELESS))]:
        row.slug = chosen
        try:
            with transaction.atomic():
                row.save(force_insert=True)
                give_tools_of(content, slug=chosen, tenant=tenant, by=by, first=True)
            return row
        except IntegrityError as error:
            met = error
    raise Conflict(f"There is a graph {slug or title!r} already.", cure="Choose another name.") from met


def save_draft(*, graph: Graph, document: Any, revision: int, by: User) -> SavedDraft:
    """Save on top of `revision`. A document with problems is saved all the same, and they are returned."""
    require(by, "edit", graph)
    content = read_document(document)
    return _write_draft(graph, content, revision, by)


def publish_version(*, graph: Graph, note: str, by: User) -> GraphVersion:
    require(by, "publish", graph)
    if len(note) > LONGEST_NOTE:
        raise InvalidValue(f"A note has at most {LONGEST_NOTE} characters.", details={"field": "note"})
    try:
        return freeze(graph, by, note=note)
    except GraphInvalid as error:
        raise InvalidGraph(str(error), details={"problems": as_json(error.problems)}) from error


def restore_version(*, graph: Graph, number: int, revision: int, by: User) -> SavedDraft:
    """Make the source of a version the draft again, on top of `revision`."""
    require(by, "edit", graph)
    version = GraphVersion.objects.filter(graph=graph, number=number).first()
    if version is None:
        raise NotFound()
    return _write_draft(graph, stored_document(version.source), revision, by)


def duplicate_graph(*, graph: Graph, by: User) -> Graph:
    """A copy of the draft. Versions, runs and permissions stay with the original."""
    require(by, "view", graph)
    title = f"{graph.title[: LONGEST_TITLE - 7]} (copy)"
    return create_graph(
        tenant=graph.tenant, title=title, by=by, document=graph.document, attached=Attached(graph.files, graph.example_input)
    )


def delete_graph(*, graph: Graph, by: User) -> None:
    """Out of sight and out of rights. Its versions stay for the runs that were made with them."""
    require(by, "edit", graph)
    with transaction.atomic():
        Graph.objects.filter(pk=graph.pk).update(deleted_at=timezone.now())
        GraphUserObjectPermission.objects.filter(content_object=graph).delete()
        drop_identities(tenant_id=graph.tenant_id, graph=graph.slug)


def restrict_graph(*, graph: Graph, restricted: bool, by: User) -> None:
    """Shut a graph to everybody but managers and people with a permission on it, or open it again."""
    require(by, "manage", graph)
    Graph.objects.filter(pk=graph.pk).update(restricted=restricted)


def install_starter(*, starter: Starter, tenant: Tenant, by: User) -> Graph:
    """The starter's graph in a tenant under the starter's slug; the one that is there already, if it is."""
    found = Graph.objects.kept().filter(slug=starter.slug).first()
    return found or start_from(starter=starter, tenant=tenant, by=by, slug=starter.slug)


def start_from(*, starter: Starter, tenant: Tenant, by: User, slug: str = "") -> Graph:
    """A graph of one's own that begins as the starter, with its files and its example input."""
    attached = Attached(store_files(tenant=tenant, files=starter.files), starter.example_input)
    return create_graph(tenant=tenant, title=starter.title, slug=slug, document=starter.document, attached=attached, by=by)


def _write_draft(graph: Graph, content: GraphDocument, revision: int, by: User) -> SavedDraft:
    problems = problems_of(content)
    saved_at = timezone.now()
    with transaction.atomic():
        written = (
            Graph.objects.kept()
            .filter(pk=graph.pk, revision=revision)
            .update(
                document=content.model_dump(mode="json"),
                title=content.title.strip() or graph.title,
                revision=revision + 1,
                problem_count=len(problems),
                updated_at=saved_at,
                updated_by=by,
            )
        )
        if not written:
            raise _stale(graph)
        give_tools_of(content, slug=graph.slug, tenant=graph.tenant, by=by, first=not has_version(graph))
    return SavedDraft(revision + 1, [*problems, *tools_not_given(content, graph.slug)], saved_at)


def _stale(graph: Graph) -> StaleRevision | NotFound:
    latest = Graph.objects.kept().filter(pk=graph.pk).select_related("updated_by").first()
    if latest is None:
        return NotFound()
    return StaleRevision(
        details={
            "revision": latest.revision,
            "document": latest.document,
            "updated_by": latest.updated_by.username if latest.updated_by else None,
            "updated_at": latest.updated_at.isoformat(),
        }
    )


def _title(title: str) -> str:
    title = title.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise InvalidValue(f"A title has 1 to {LONGEST_TITLE} characters.", details={"field": "title"})
    return title


def _free_slug(title: str, by: User) -> str:
    """One that tells nothing about graphs that `by` may not see: while there are any, it ends with something random."""
    base = slug_of(title, otherwise=NAMELESS)
    kept = Graph.objects.kept()
    if kept.exclude(pk__in=Graph.objects.visible_to(by).values("pk")).exists():
        return with_ending(base)
    taken = set(kept.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for slug in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)
