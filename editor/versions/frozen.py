"""What is large in a version and never changes, kept in the process: every start of a run and every claim needs it."""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from editor.models import Graph, GraphVersion
from orchestrator.engine.document.graph import Graph as GraphDocument
from tenants.policy.authority import TenantAuthority
from tenants.policy.consent import Consent

KEPT = 64
"""Versions, those used last."""


@dataclass(frozen=True, slots=True)
class FrozenVersion:
    """Shared by all who ask: to be read, not changed."""

    tenant_id: UUID
    graph: str
    """The slug of its graph, which never changes."""
    document: dict[str, Any]
    identities: dict[str, str]
    """Under which service identity each agent of the document acts."""
    files: dict[str, str]
    """Hash of the content by name."""
    graph_id: UUID

    def authority(self, *, started_by: UUID | None) -> TenantAuthority:
        """Who decides at the gate for a run of the version. `started_by` is the person who answers for its start."""
        consent = Consent(started_by, partial(Graph.objects.get, pk=self.graph_id))
        return TenantAuthority(tenant_id=self.tenant_id, graph=self.graph, identities=self.identities, consent=consent)


_COLUMNS = ("tenant_id", "graph__slug", "document", "identities", "files", "graph_id")


@lru_cache(KEPT)
def frozen(version_id: UUID) -> FrozenVersion:
    """The version that a row in sight names: whoever may see the row may see this."""
    return FrozenVersion(*GraphVersion.objects.values_list(*_COLUMNS).get(pk=version_id))


@lru_cache(KEPT)
def graph_of(version_id: UUID) -> GraphDocument:
    """The graph in a version. Raises pydantic's ValidationError when this build cannot read it."""
    return GraphDocument.model_validate(frozen(version_id).document)
