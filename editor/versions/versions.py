"""Versions: a graph as it runs, frozen."""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from editor.library.agents import identities_of, resolve_agents
from editor.models import Graph, GraphVersion
from editor.problems import errors_in, problems_of, stored_document
from editor.versions.tool_use import give_tools_of
from orchestrator.engine.document.graph import Graph as GraphDocument
from orchestrator.engine.document.problems import GraphInvalid
from tenants.models import User
from tenants.problems import Conflict

TRIES = 5
"""How often a draft is checked anew because it was saved while it was being checked."""


class AlwaysSaved(Conflict):
    """The draft was saved again each time before it could be frozen."""

    cure = "Try again when nobody is saving it."


def freeze(graph: Graph, by: User, *, note: str = "", draft: bool = False) -> GraphVersion:
    """A version of the graph's draft, with library agents written out. Raises GraphInvalid, AlwaysSaved.

    With `draft` it gets no number; the same draft frozen twice is one version. The draft is checked before its row is
    locked, because that may take long; a draft that was saved meanwhile is checked anew.
    """
    for _ in range(TRIES):
        checked = Graph.objects.select_related("tenant").get(pk=graph.pk)
        source = stored_document(checked.document)
        errors = errors_in(problems_of(source))
        if errors:
            raise GraphInvalid(errors)
        frozen = _write(checked, source, by, note, draft=draft)
        if frozen is not None:
            return frozen
    raise AlwaysSaved()


def _write(checked: Graph, source: GraphDocument, by: User, note: str, *, draft: bool) -> GraphVersion | None:
    """None when the draft is not the one that was checked."""
    with transaction.atomic():
        graph = Graph.objects.select_for_update().select_related("tenant").get(pk=checked.pk)
        if graph.revision != checked.revision:
            return None
        give_tools_of(source, slug=graph.slug, tenant=graph.tenant, by=by, first=not has_version(graph))
        document = resolve_agents(source)[0].model_dump(mode="json")
        identities = identities_of(source, graph.slug)
        digest = digest_of(document, identities, graph.files)
        same = GraphVersion.objects.filter(graph=graph, is_draft=True, digest=digest, revision=graph.revision).first() if draft else None
        return same or GraphVersion.objects.create(
            tenant=graph.tenant,
            graph=graph,
            number=None if draft else next_number(graph),
            is_draft=draft,
            revision=graph.revision,
            source=graph.document,
            document=document,
            identities=identities,
            files=graph.files,
            digest=digest,
            note=note,
            created_by=by,
        )


def has_version(graph: Graph) -> bool:
    """Whether it was ever frozen, to be run or to be published."""
    return GraphVersion.objects.filter(graph=graph).exists()


def next_number(graph: Graph) -> int:
    latest: int | None = GraphVersion.objects.filter(graph=graph).aggregate(latest=Max("number"))["latest"]
    return (latest or 0) + 1


def latest_version(graph: Graph) -> GraphVersion | None:
    """The version with the highest number."""
    for version in numbered_versions(graph).order_by("-number")[:1]:
        return version
    return None


def numbered_versions(graph: Graph) -> QuerySet[GraphVersion]:
    """Their small columns; `frozen` has the others that running them takes."""
    return GraphVersion.objects.filter(graph=graph, is_draft=False).only("graph", "number", "tenant")


def digest_of(document: dict[str, Any], identities: dict[str, str], files: dict[str, str]) -> str:
    """The same for the same graph, whatever the order of its keys."""
    return hashlib.sha256(json.dumps([document, identities, files], sort_keys=True).encode()).hexdigest()
