"""What a tenant lends its runs: models with its provider keys, its enabled tools, its rights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from editor.graphs.files import files_of
from editor.versions.frozen import frozen
from orchestrator.capabilities.embeddings.embedder import Embedder, RoutedEmbedder
from orchestrator.capabilities.language_models.router import language_model
from orchestrator.capabilities.tools.terms import Lowered
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.ports import LanguageModel
from orchestrator.settings.env import PRIVATE_HOSTS
from runs.models import Run
from runs.tools.rates import TenantRates
from runs.tools.workspace import RunWorkspace
from runs.worker.reading import Resources
from tenants.isolation.database import DatabaseThreads
from tenants.isolation.scope import tenant_scope
from tenants.models import Tool
from tenants.policy.tools import lowered
from tenants.vault.model_keys import keys_of_tenant
from tenants.vault.tool_secrets import hidden_in, tool_secrets


@dataclass(frozen=True)
class Lent:
    """What all runs of a tenant share: its models, its enabled tools with what it allows them less, what none of them may show,
    and what it stored for its tools.
    """

    models: LanguageModel
    embedder: Embedder
    enabled: Mapping[str, Lowered]
    secrets: tuple[str, ...]
    tool_secrets: Mapping[str, str]


class TenantResourceSource:
    """Resources as a run's tenant has them when a worker takes the run up."""

    def __init__(self) -> None:
        self._files = DatabaseThreads("workspace", 2, patience_s=5.0)

    def resources_of(self, runs: Sequence[Run]) -> list[Resources]:
        lent = {tenant: _lent_by(tenant) for tenant in {run.tenant_id for run in runs}}
        return [_resources(run, lent[run.tenant_id], self._files) for run in runs]


def _lent_by(tenant: UUID) -> Lent:
    with tenant_scope(tenant):
        enabled = {tool.name: lowered(tool) for tool in Tool.objects.filter(enabled=True)}
        keys = keys_of_tenant()
        own = tool_secrets()
        hidden = (*keys.secrets(), *hidden_in(own))
        models, embedder = language_model(keys=keys, private_hosts=PRIVATE_HOSTS), RoutedEmbedder(keys, private_hosts=PRIVATE_HOSTS)
        return Lent(models, embedder, enabled, hidden, own)


def _resources(run: Run, lent: Lent, files_on: DatabaseThreads) -> Resources:
    with tenant_scope(run.tenant_id):
        version = frozen(run.graph_version_id)
        files = files_of(version.files) if version.files else {}
    own = str(run.tenant_id)
    tools = toolbox(
        files=files,
        private_hosts=PRIVATE_HOSTS,
        enabled=lent.enabled,
        secrets=lent.secrets,
        owner=own,
        rates=TenantRates(own),
        workspace=RunWorkspace(run.tenant_id, run.pk, files_on),
        own_secrets=lent.tool_secrets,
    )
    return Resources(models=lent.models, tools=tools, authority=version.authority(started_by=run.created_by_id), embedder=lent.embedder)
