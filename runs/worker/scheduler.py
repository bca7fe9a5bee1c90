"""What somebody must do even if nobody asks: wake runs that are due, send probes, look for stranded runs, collect unused files,
erase memories whose time has run out.

Two schedulers at once do no harm: wake-ups may double, and a run is claimed once.
"""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import structlog
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from editor.graphs.unused_files import collect_unused_files
from editor.models import FileContent
from runs.health import probe
from runs.health.pulse import beat, stopped
from runs.leases.stranded import repair_stranded
from runs.live.wake_ups import wake_up
from runs.memory.spaces import AT_ONCE, erase_expired
from runs.models import UNFINISHED, Memory, Pulse, Run, RunFile
from runs.worker.build import build_id
from tenants.isolation.database import DatabaseAway, reach
from tenants.isolation.scope import system_scope, tenant_scope

log = structlog.get_logger(__name__)

EVERY_S = 1.0
STRANDED_EVERY_S = 5.0
FILES_EVERY_S = 3600.0
MEMORIES_EVERY_S = 60.0
WAKE_UPS = 20
"""Due runs named at in one round. Workers look for themselves as well, so few are enough."""


class Scheduler:
    """Lives on one thread. Counts the runs that it found stranded."""

    def __init__(self) -> None:
        self.id = str(uuid4())
        self.repaired = 0
        self._look_at = 0.0
        self._files_at = 0.0
        self._with_files: list[UUID] = []
        self._memories_at = 0.0
        self._with_memories: list[UUID] = []

    def tick(self) -> int:
        """One round: how many due runs were named at."""
        with system_scope():
            due = list(Run.objects.due().only("tenant_id", "lease_owner")[:WAKE_UPS])
            for run in due:
                run.lease_owner = ""
                wake_up(run)
            probe.send_if_due()
            if not probe.workers_consume():
                log.error("workers_do_not_consume", cure="Restart the workers.")
            if time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + STRANDED_EVERY_S
                self._keep_invariant()
            self._collect_files()
            self._erase_memories()
        return len(due)

    def _keep_invariant(self) -> None:
        """No run is unfinished and at once unowned, not due, and neither waiting nor paused."""
        found = repair_stranded()
        if found:
            self.repaired += len(found)
            log.error("runs_stranded", runs=[str(run_id) for run_id in found], cure="They were made due; please report this.")
        beat(self.id, Pulse.Kind.SCHEDULER, build_id(), {"stranded_runs_repaired": self.repaired})

    def _collect_files(self) -> None:
        """Of one tenant in a round, so that no round becomes long; of all tenants every hour."""
        if not self._with_files and time.monotonic() >= self._files_at:
            self._files_at = time.monotonic() + FILES_EVERY_S
            self._with_files = list(FileContent.objects.order_by().values_list("tenant", flat=True).distinct())
        if self._with_files:
            with tenant_scope(self._with_files.pop()):
                at_work = Run.objects.filter(status__in=UNFINISHED).values("graph_version")
                collected = collect_unused_files(at_work, RunFile.objects.order_by().values_list("digest", flat=True).distinct())
            if collected:
                log.info("files_collected", contents=collected)

    def _erase_memories(self) -> None:
        """A portion of one tenant in a round; whoever has more comes again in the next. Of all tenants every minute."""
        if not self._with_memories and time.monotonic() >= self._memories_at:
            self._memories_at = time.monotonic() + MEMORIES_EVERY_S
            overdue = Memory.objects.filter(expires_at__lte=timezone.now()).order_by()
            self._with_memories = list(overdue.values_list("tenant", flat=True).distinct())
        if self._with_memories:
            with tenant_scope(self._with_memories[-1]):
                erased = erase_expired(AT_ONCE)
            if erased < AT_ONCE:
                self._with_memories.pop()
            if erased:
                log.info("memories_erased", memories=erased)

    def keep_ticking(self, stopped: Callable[[float], bool]) -> None:
        """Tick every second. `stopped` waits for so many seconds and says whether to end."""
        while not stopped(EVERY_S):
            try:
                reach(self.tick)
            except DatabaseAway as error:
                log.warning("database_away", error=str(error))
            except Exception:  # a scheduler that ended would leave the workers alone without a word
                log.exception("scheduler_round_failed")
        self._say_farewell()

    def _say_farewell(self) -> None:
        try:
            reach(lambda: stopped(self.id))
        except (DatabaseError, InterfaceError) as error:
            log.warning("farewell_not_said", error=str(error))
