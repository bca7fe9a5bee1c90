"""Loads what must be there in every process: the Celery application."""

from django.apps import AppConfig


class OrchestratorConfig(AppConfig):
    name = "orchestrator"

    def ready(self) -> None:
        from orchestrator import celery

        celery.app.set_default()
