"""`manage.py up`: everything on this machine, in one terminal."""

import fcntl
import secrets
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import IO, Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from orchestrator.processes import embedded_broker
from orchestrator.processes.consumption import ConsumptionWatch
from orchestrator.processes.database_role import UnsafeRole, check_role
from orchestrator.processes.supervisor import Child, Supervisor
from orchestrator.settings.env import DATA_DIR, PORT, REDIS_URL
from runs.leases.lease import expire_leases_of
from runs.worker.scheduler import Scheduler
from tenants.isolation.scope import system_scope

READY_S = 60.0


class Command(BaseCommand):
    help = "Starts the embedded broker, web, worker and scheduler; stops them all on Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        self._require_free_port()
        _hold_folder()
        supervisor = Supervisor(DATA_DIR / "logs", self._say)
        supervisor.stopping.listen()
        try:
            self._start(supervisor)
            if not supervisor.stopping.asked:
                self._welcome()
                supervisor.watch()
        finally:
            self._say("Stopping ...")
            supervisor.stop()
            self._say("Stopped. Nothing is lost: runs go on at the next start.")

    def _start(self, supervisor: Supervisor) -> None:
        if not embedded_broker.answers(REDIS_URL):
            self._start_broker(supervisor)
        self._step("Migrating the database", lambda: call_command("migrate", verbosity=0, interactive=False))
        self._check_role()
        self._step("Seeding", lambda: call_command("seed", verbosity=0))
        connection.close()
        python = sys.executable
        web = [
            python,
            "-m",
            "orchestrator.processes.web_server",
            "-b",
            "127.0.0.1",
            "-p",
            str(PORT),
            "orchestrator.asgi:application",
        ]
        worker = [
            python,
            "-m",
            "celery",
            "-A",
            "orchestrator.celery",
            "worker",
            "--loglevel",
            "WARNING",
            "--hostname",
            f"{secrets.token_hex(4)}@%h",
        ]
        # A thread of this process: it mostly sleeps, and another process would cost 120 MB.
        threading.Thread(target=Scheduler().keep_ticking, args=[supervisor.stopping.wait], name="scheduler", daemon=True).start()
        supervisor.start(Child("worker", worker, self._hand_over, ConsumptionWatch().out_of_patience))
        supervisor.start(Child("web", web))
        self._step("Starting web, worker and scheduler", lambda: self._wait_for_web(supervisor))

    def _check_role(self) -> None:
        try:
            check_role()
        except UnsafeRole as error:
            raise CommandError(str(error)) from None

    def _hand_over(self, worker: str) -> None:
        """A worker has died: whoever is there next takes its runs up now, not when its leases expire."""
        try:
            with system_scope():
                expire_leases_of(worker)
        except DatabaseError as error:
            self._say(f"Its runs go on when its leases have expired: {error}")
        finally:
            connection.close()

    def _start_broker(self, supervisor: Supervisor) -> None:
        if not REDIS_URL.startswith("unix://"):
            raise CommandError(f"No Redis answers at {REDIS_URL}. Start it, or unset REDIS_URL to use the one that comes with Baton.")
        if len(bytes(embedded_broker.socket_in(DATA_DIR))) > embedded_broker.LONGEST_SOCKET_PATH:
            raise CommandError(f"The path {DATA_DIR} is too long for a socket. Set BATON_DATA to a shorter folder.")
        supervisor.start(Child("broker", embedded_broker.command(DATA_DIR)))
        self._step("Starting the embedded broker", lambda: _wait(lambda: embedded_broker.answers(REDIS_URL), 10, "the broker", supervisor))

    def _wait_for_web(self, supervisor: Supervisor) -> None:
        def healthy() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/v1/health", timeout=2) as answer:
                    return bool(answer.status == 200)
            except (urllib.error.URLError, OSError):
                return False

        _wait(healthy, READY_S, "the web server", supervisor)

    def _require_free_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", PORT))
            except OSError:
                raise CommandError(f"Port {PORT} is in use. Stop what uses it, or choose another: make run PORT={PORT + 1}") from None

    def _welcome(self) -> None:
        self._say("")
        self._say("Baton is ready. Sign in with this link (it works once):")
        call_command("sign_in_link", user="demo", tenant="demo", base=f"http://127.0.0.1:{PORT}", stdout=self.stdout)
        self._say("")
        self._say("Another link later: .venv/bin/python manage.py sign_in_link --tenant demo --user demo")
        self._say("Ctrl-C stops everything.")
        connection.close()

    def _step(self, title: str, work: Callable[[], object]) -> None:
        began = time.monotonic()
        self.stdout.write(f"  {title} ...", ending="")
        self.stdout.flush()
        work()
        self._say(f" {time.monotonic() - began:.1f} s")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _hold_folder() -> None:
    """Two launchers on one data folder would start everything twice. The lock goes with this process, however it ends."""
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (DATA_DIR / "up.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CommandError(f"Baton is already running on {DATA_DIR}. Stop it, or set BATON_DATA to another folder.") from None
    _held.append(lock)


_held: list[IO[str]] = []


def _wait(ready: Callable[[], bool], seconds: float, what: str, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if supervisor.stopping.asked:
            return
        if time.monotonic() > deadline:
            raise CommandError(f"{what} did not start within {seconds:.0f} s. Look into {DATA_DIR / 'logs'}.")
        time.sleep(0.05)
