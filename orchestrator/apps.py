"""Loads what must be there in every process: the Celery application, and where the operator's tools are."""

from django.apps import AppConfig


class OrchestratorConfig(AppConfig):
    name = "orchestrator"

    def ready(self) -> None:
        from orchestrator import celery
        from orchestrator.capabilities.tools.folder import read_tools_from
        from orchestrator.settings.env import TOOLS_FOLDER

        celery.app.set_default()
        read_tools_from(TOOLS_FOLDER)
