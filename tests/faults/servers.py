"""The platform's own processes, as a server starts them."""

import os
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from tests.faults.programs import Program, nursery
from tests.runs.services import START_S, wait_until


def environment_of(*, database: str, redis: str, folder: Path) -> dict[str, str]:
    """What tells a process which database, broker and folder are its own."""
    return {
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "BATON_DATA": str(folder / "data"),
        "BATON_SECRET_KEY": settings.SECRET_KEY,
        "DJANGO_SETTINGS_MODULE": "orchestrator.settings.test",
    }


@contextmanager
def process(
    arguments: list[str], *, database: str, redis: str, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """A Python process with its own settings; its log is in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    own = {**os.environ, **environment_of(database=database, redis=redis, folder=folder), **(environment or {})}
    log = folder / "process.log"
    started = nursery().start(arguments, own, log, log)
    try:
        yield started
    finally:
        started.kill()
        started.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_web(port: int) -> None:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=1) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    wait_until(answers, START_S, "the web process answers")


CELERY_WORKER = ["-m", "celery", "-A", "orchestrator.celery", "worker", "--loglevel", "WARNING"]


def web_server(port: int) -> list[str]:
    return ["-m", "orchestrator.processes.web_server", "-b", "127.0.0.1", "-p", str(port), "orchestrator.asgi:application"]
