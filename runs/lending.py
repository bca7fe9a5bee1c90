"""What a tenant lends its runs: models with its provider keys, its enabled tools, its rights."""

from editor.files import files_of
from editor.versions import authority_of
from orchestrator.settings.env import PRIVATE_HOSTS, env
from runs.execution import Means
from runs.language_models import ProviderKey, ProviderKeys, language_model
from runs.models import Run
from runs.tools import toolbox
from tenants.models import Tool
from tenants.provider_keys import provider_key, provider_names
from tenants.scope import tenant_scope


class TenantLender:
    """Means as a run's tenant has them when a worker takes the run up."""

    def means_of(self, run: Run) -> Means:
        with tenant_scope(run.tenant_id):
            keys = keys_of_tenant()
            enabled = frozenset(Tool.objects.filter(enabled=True).values_list("name", flat=True))
            files = files_of(run.graph_version)
        return Means(
            models=language_model(keys=keys, private_hosts=PRIVATE_HOSTS),
            tools=toolbox(files=files, private_hosts=PRIVATE_HOSTS, enabled=enabled),
            authority=authority_of(run.graph_version),
        )


def keys_of_tenant() -> ProviderKeys:
    """The keys of the tenant being worked for, before those of the environment."""
    own = {name: ProviderKey(secret=provider_key(name) or "") for name in provider_names()}
    return ProviderKeys(own, env.ENVIRON)
