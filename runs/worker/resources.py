"""What a tenant lends its runs: models with its provider keys, its enabled tools, its rights."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from editor.graphs.files import files_of
from editor.versions.frozen import frozen
from orchestrator.capabilities.embeddings.embedder import Embedder, RoutedEmbedder
from orchestrator.capabilities.language_models.router import language_model
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.ports import LanguageModel
from orchestrator.settings.env import PRIVATE_HOSTS
from runs.models import Run
from runs.worker.reading import Resources
from tenants.isolation.scope import tenant_scope
from tenants.models import Tool
from tenants.vault.model_keys import keys_of_tenant


@dataclass(frozen=True)
class Lent:
    """What all runs of a tenant share: its models, the names of its enabled tools, and what none of them may show."""

    models: LanguageModel
    embedder: Embedder
    enabled: frozenset[str]
    secrets: tuple[str, ...]


class TenantResourceSource:
    """Resources as a run's tenant has them when a worker takes the run up."""

    def resources_of(self, runs: Sequence[Run]) -> list[Resources]:
        lent = {tenant: _lent_by(tenant) for tenant in {run.tenant_id for run in runs}}
        return [_resources(run, lent[run.tenant_id]) for run in runs]


def _lent_by(tenant: UUID) -> Lent:
    with tenant_scope(tenant):
        enabled = frozenset(Tool.objects.filter(enabled=True).values_list("name", flat=True))
        keys = keys_of_tenant()
        models = language_model(keys=keys, private_hosts=PRIVATE_HOSTS)
        return Lent(models, RoutedEmbedder(keys, private_hosts=PRIVATE_HOSTS), enabled, keys.secrets())


def _resources(run: Run, lent: Lent) -> Resources:
    with tenant_scope(run.tenant_id):
        version = frozen(run.graph_version_id)
        files = files_of(version.files) if version.files else {}
    own = str(run.tenant_id)
    tools = toolbox(files=files, private_hosts=PRIVATE_HOSTS, enabled=lent.enabled, secrets=lent.secrets, owner=own)
    return Resources(models=lent.models, tools=tools, authority=version.authority(started_by=run.created_by_id), embedder=lent.embedder)
