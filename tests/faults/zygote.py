"""A process that has everything imported and forks workers in milliseconds, each to be killed or frozen.

Reads orders as JSON lines, answers with the pid of the child; a child says when it is ready.
"""

import json
import os
import signal
import sys
import time
from importlib import import_module
from typing import Any
from uuid import UUID

import django

PRELOADED = (
    "runs.control.start",
    "runs.worker.worker",
    "orchestrator.celery",
    "channels_redis.pubsub",
    "django.db.backends.sqlite3.base",
    "tenants.isolation.postgresql.base",
    "orchestrator.engine.nodes.agent",
    "tests.runs.databases",
    "tests.faults.resources",
)
"""Imported once, so that a child is there in no time."""

MESSAGES = os.dup(1)
os.dup2(2, 1)  # what is logged does not get between the messages


def main() -> None:
    django.setup()
    for name in PRELOADED:
        import_module(name)

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            obey(order)
            os._exit(0)
        say({"forked": pid})


def say(message: dict[str, Any]) -> None:
    os.write(MESSAGES, (json.dumps(message) + "\n").encode())


def obey(order: dict[str, Any]) -> None:
    from django.conf import settings

    from orchestrator.celery import app, broker_url
    from orchestrator.settings.channel_layer import channel_layers
    from runs import failpoint
    from tests.runs.databases import connected_to

    failpoint.FAILPOINT = order["failpoint"]
    settings.CHANNEL_LAYERS = channel_layers(order["redis"])
    app.conf.broker_url = broker_url(order["redis"])
    with connected_to(order["database"]):
        if order["do"] == "work":
            work(order)
        else:
            act(order)


def work(order: dict[str, Any]) -> None:
    from orchestrator.processes.stopping import Stopping
    from runs.worker.worker import RunWorker
    from tests.faults.resources import SinkLender

    set_pace(order.get("pace", 1.0))
    set_clock(order.get("clock_s", 0.0))
    if "build" in order:
        set_build(order["build"])
    stopping = Stopping()
    stopping.listen()
    worker = RunWorker(SinkLender(order["sink"], order.get("model_s", 0.01), order.get("tool_s", 0.0), order.get("erratic", 0.0)))
    worker.start()
    say({"ready": os.getpid()})
    while not stopping.wait(60.0):
        pass
    worker.stop()


def set_pace(pace: float) -> None:
    """Leases and heartbeats that take a part of their time."""
    from runs.leases import lease
    from runs.worker import intake, worker

    usual = lease.lease_seconds
    lease.lease_seconds = lambda: usual() * pace
    worker.HEARTBEAT_S = lease.HEARTBEAT_S * pace
    intake.PATIENCE_S = (0.5, 1.0) if pace < 1 else intake.PATIENCE_S


def set_build(name: str) -> None:
    """Another build: it has another name, and its agents put their prompts in other words."""
    from orchestrator.engine.agents import turns
    from orchestrator.engine.effects.model import Message, ModelRequest, Role, text_parts
    from runs.worker import execution

    def request(*, messages: tuple[Message, ...], **fields: Any) -> ModelRequest:
        return ModelRequest(messages=(Message(role=Role.SYSTEM, content=text_parts(f"As {name} says it.")), *messages), **fields)

    execution.build_id = lambda: name
    turns.ModelRequest = request  # type: ignore[misc,assignment]


def set_clock(ahead_s: float) -> None:
    """The machine's clock is wrong by so much; the database's and the monotonic one are not."""
    from runs.leases import clock

    if ahead_s:
        usual, usual_ns = time.time, time.time_ns
        time.time = lambda: usual() + ahead_s
        time.time_ns = lambda: usual_ns() + int(ahead_s * 1e9)
        clock.CLOCK.__init__()  # type: ignore[misc]  # it was made before the fork


def act(order: dict[str, Any]) -> None:
    """Do in a process of its own what the web process does."""
    from editor.models import Graph
    from runs.control.answers import answer
    from runs.control.principal import Principal
    from runs.control.start import start_run
    from runs.models import Approval, Run
    from tenants.isolation.scope import tenant_scope
    from tenants.models import Membership

    say({"ready": os.getpid()})
    with tenant_scope(UUID(order["tenant"])):
        by = Membership.objects.get().user
        if order["do"] == "start":
            start_run(graph=Graph.objects.get(), principal=Principal(Run.Trigger.API, by), run_input="x")
        else:
            asked = Approval.objects.get(status="pending")
            answer(run=asked.run, by=by, path=asked.path, action="approve", digest=asked.digest)


if __name__ == "__main__":
    main()
