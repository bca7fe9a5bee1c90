"""What a tenant lends its runs: models with its provider keys, its enabled tools, its rights."""

from editor.graphs.files import files_of
from editor.versions.frozen import frozen
from editor.versions.versions import authority_of
from orchestrator.capabilities.language_models.router import language_model
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.settings.env import PRIVATE_HOSTS
from runs.models import Run
from runs.worker.execution import Resources
from tenants.isolation.scope import tenant_scope
from tenants.models import Tool
from tenants.vault.model_keys import keys_of_tenant


class TenantResourceSource:
    """Resources as a run's tenant has them when a worker takes the run up."""

    def resources_of(self, run: Run) -> Resources:
        with tenant_scope(run.tenant_id):
            keys = keys_of_tenant()
            enabled = frozenset(Tool.objects.filter(enabled=True).values_list("name", flat=True))
            version = frozen(run.graph_version_id)
            files = files_of(version.files)
        return Resources(
            models=language_model(keys=keys, private_hosts=PRIVATE_HOSTS),
            tools=toolbox(files=files, private_hosts=PRIVATE_HOSTS, enabled=enabled),
            authority=authority_of(run.graph, version.identities),
        )
