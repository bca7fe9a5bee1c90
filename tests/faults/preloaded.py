"""Starts Python programs as a fresh interpreter would, except that other people's modules are there already.

Nothing of the product is imported before the fork, so that each program reads its own environment. To import what
others wrote takes most of the time in which a process starts; the tests start some hundred.

Reads orders as JSON lines; says as JSON lines which process it forked and which has ended, and how.
"""

import gc
import json
import os
import runpy
import select
import signal
import sys
from importlib import import_module
from io import FileIO
from pathlib import Path
from typing import Any

MODULES = (
    "aiohttp",
    "asgiref.sync",
    "autobahn.twisted.websocket",
    "celery.app.base",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.bin.worker",
    "channels_redis.pubsub",
    "cryptography.fernet",
    "daphne.http_protocol",
    "django.contrib.postgres.fields",
    "django.core.handlers.asgi",
    "django.core.management",
    "django.core.serializers.json",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.db.models",
    "django.test",
    "django.urls",
    "kombu.transport.redis",
    "psycopg",
    "pydantic",
    "redis.asyncio",
    "requests",
    "structlog",
    "twisted.internet.asyncioreactor",
    "twisted.web.http",
    "yaml",
)
"""None that looks at settings or makes an event loop when it is imported."""


def main() -> None:
    for name in MODULES:
        import_module(name)
    assert "twisted.internet.reactor" not in sys.modules, "its loop would be one for all"
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(told)
    gc.freeze()
    orders = FileIO(0, closefd=False)
    while True:
        ready, _, _ = select.select([orders, heard], [], [])
        if heard in ready:
            os.read(heard, 4096)
            tell_of_the_ended()
        if orders in ready:
            line = orders.readline()
            if not line:
                return
            pid = os.fork()
            if pid == 0:
                os.closerange(heard, told + 1)
                become(json.loads(line))
                return
            say({"started": pid})


def tell_of_the_ended() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def say(message: dict[str, Any]) -> None:
    os.write(1, (json.dumps(message) + "\n").encode())


def become(order: dict[str, Any]) -> None:
    """What `python -W ignore <arguments>` does, in a session of its own."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    for descriptor, name in ((0, os.devnull), (1, order["output"]), (2, order["errors"])):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.path[0] = order["folder"]
    run(order["arguments"])


def run(arguments: list[str]) -> None:
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(str(Path(arguments[0]).resolve()), run_name="__main__")


if __name__ == "__main__":
    main()
