"""The part of a Celery worker process that executes runs."""

import os
import signal
from typing import Any

from celery import bootsteps

from orchestrator.processes.database_role import end_if_unsafe
from runs.health.watch import exit_later
from runs.worker.gc_tuning import tune_gc
from runs.worker.resources import TenantResourceSource
from runs.worker.worker import RunWorker
from tenants.vault.model_library import load_in_background

_worker: RunWorker | None = None


def worker_of_this_process() -> RunWorker:
    if _worker is None:
        raise RuntimeError("This process executes no runs")
    return _worker


def _end_process() -> None:
    """Stop as if somebody had asked for it; whoever started the process starts another one."""
    exit_later()
    os.kill(os.getpid(), signal.SIGTERM)


class RunWorkerStep(bootsteps.StartStopStep):
    """Starts with the process, whether or not the broker is there; on a stop gives every run back first."""

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        global _worker
        _worker = RunWorker(TenantResourceSource(), _end_process)
        _worker.start()
        tune_gc()
        load_in_background()
        end_if_unsafe()

    def stop(self, parent: Any) -> None:
        if _worker is not None:
            _worker.stop()

    terminate = stop
