"""The Celery application: it only carries wake-ups, so losing or doubling a message is harmless."""

import os
from urllib.parse import urlsplit

from celery import Celery
from celery.signals import setup_logging

from orchestrator.processes import broker_transport
from orchestrator.settings.env import REDIS_URL


def broker_url(redis_url: str) -> str:
    """A Redis URL as Celery spells it: unix sockets have a scheme of their own."""
    parts = urlsplit(redis_url)
    return f"redis+socket://{parts.path}" if parts.scheme == "unix" else redis_url


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings.production")  # noqa: TID251 - Django's own way to be told
broker_transport.use()
app = Celery("baton")
app.conf.update(
    broker_url=broker_url(REDIS_URL),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_channel_error_retry=True,  # a broker that is read-only or full for a while ends no worker
    # Without `ack_emulation`: a wake-up that a dying worker had taken needs no second delivery,
    # and to note each one costs two transactions.
    broker_transport_options={"ack_emulation": False, "socket_connect_timeout": 1, "socket_timeout": 30, "socket_keepalive": True},
    broker_pool_limit=10,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    result_backend=None,
    task_acks_late=False,
    task_default_queue="baton",
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_pool="threads",
    worker_concurrency=1,
    worker_enable_remote_control=True,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
)
app.autodiscover_tasks(["runs.worker"])
app.steps["worker"].add("runs.worker.bootstep.RunWorkerStep")


@setup_logging.connect
def _keep_logging(**_: object) -> None:
    """Logging is Django's to configure, not Celery's."""
