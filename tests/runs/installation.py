"""The whole product as it is installed: web, Celery worker and scheduler as processes of their own."""

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from django.core.management import call_command

from tests.faults.programs import Program, nursery
from tests.faults.servers import CELERY_WORKER, environment_of, free_port, process, wait_for_web, web_server
from tests.runs.api_client import ApiClient
from tests.runs.databases import Database, connected_to
from tests.runs.services import START_S, wait_until

PROVIDER_KEY = "sk-of-the-whole-path-0123456789"


class Installation:
    """Seeded, with a model server behind `openai/...` (lean adapter) and `anthropic/...` (LiteLLM)."""

    def __init__(self, database: Database, redis: str, folder: Path, model_base: str, more: dict[str, str] | None = None) -> None:
        """`more` is set in its environment."""
        self.database = database
        self.port = free_port()
        self._folder = folder
        self._redis = redis
        self._environment = {
            "BATON_LEND_KEYS": "demo",
            "OPENAI_API_BASE": model_base,
            "OPENAI_API_KEY": PROVIDER_KEY,
            "ANTHROPIC_API_BASE": model_base.removesuffix("/v1"),
            "ANTHROPIC_API_KEY": PROVIDER_KEY,
            "BATON_MASTER_KEY_FILE": str(folder / "keys" / "master.key"),
            "BATON_PRIVATE_HOSTS": model_base.split("/")[2],
            **(more or {}),
        }
        self._processes = ExitStack()

    def start(self) -> Self:
        with connected_to(self.database.url):
            call_command("seed", verbosity=0)
        self.web = self._start("web", web_server(self.port))
        self._start("scheduler", ["manage.py", "scheduler"])
        self.worker = self.start_worker()
        wait_for_web(self.port)
        return self

    def start_worker(self, failpoint: str = "") -> Program:
        """One that kills itself at `failpoint`, where one is named."""
        return self._start("worker", CELERY_WORKER, {"BATON_FAILPOINT": failpoint})

    def start_web(self, port: int) -> Program:
        """Another one, for a test that ends it."""
        return self._start(f"web-{port}", web_server(port))

    def _start(self, name: str, arguments: list[str], more: dict[str, str] | None = None) -> Program:
        place: dict[str, Any] = {"database": self.database.url, "redis": self._redis, "folder": self._folder / name}
        return self._processes.enter_context(process(arguments, environment=self._environment | (more or {}), **place))

    def stop(self) -> None:
        self._processes.close()

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """`./manage.py ...` as a person types it."""
        output, errors = (self._folder / f"{uuid4()}.{name}" for name in ("out", "err"))
        code = nursery().start(["manage.py", *arguments], {**os.environ, **self.environment}, output, errors).wait(START_S)
        return subprocess.CompletedProcess(arguments, code, output.read_text(), errors.read_text())

    @property
    def environment(self) -> dict[str, str]:
        """Where a shell is at home in this installation."""
        return {**environment_of(database=self.database.url, redis=self._redis, folder=self._folder / "manage"), **self._environment}

    def client(self, tenant: str = "demo", user: str = "demo") -> ApiClient:
        """Somebody with a key of their own."""
        with connected_to(self.database.url):
            return ApiClient(self.port, key_of(tenant, user))


def key_of(tenant: str, user: str) -> str:
    from tenants.isolation.scope import tenant_scope
    from tenants.models import Tenant, User
    from tenants.people.api_keys import create_api_key

    place = Tenant.objects.get(slug=tenant)
    with tenant_scope(place.pk):
        return create_api_key(tenant=place, user=User.objects.get(username=user), label="test").secret


def run_of(client: ApiClient, slug: str, run_input: Any, document: dict[str, Any] | None = None) -> str:
    """The id of a new run of the graph, which is made first when there is a document for it."""
    if document is not None:
        client.post("graphs", {"title": slug, "document": document}, 201)
    run_id: str = client.post(f"graphs/{slug}/runs", {"input": run_input}, 201)["id"]
    return run_id


def ended(client: ApiClient, run_id: str, seconds: float = 30, status: str = "") -> Any:
    """The run, once it has ended (or has `status`)."""
    seen: dict[str, Any] = {}

    def over() -> bool:
        seen.update(client.get(f"runs/{run_id}"))
        return seen["status"] == status if status else seen["status"] not in ("queued", "running", "waiting", "paused")

    wait_until(over, seconds, f"run {run_id} is {status or 'over'}")
    return seen
