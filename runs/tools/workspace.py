"""The files of a run, kept in the database: each write is a row, and the last one under a name is the file."""

import hashlib
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Sum

from orchestrator.capabilities.tools.workspace.workspace import Kept, KeptFile
from orchestrator.engine.errors import HostUnavailable
from runs.models import Run, WorkspaceFile
from tenants.isolation.database import DatabaseAway, DatabaseThreads
from tenants.isolation.scope import tenant_scope

T = TypeVar("T")


class RunWorkspace:
    """That of one run; its tenant is inside every query, made on `threads`."""

    def __init__(self, tenant: UUID, run: UUID, threads: DatabaseThreads) -> None:
        self._tenant = tenant
        self._run = run
        self._threads = threads

    async def write(self, name: str, text: str, key: str) -> KeptFile:
        return await self._reach(partial(_write, self._tenant, self._run, name, text, key))

    async def read(self, name: str) -> str | None:
        return await self._reach(partial(_read, self._tenant, self._run, name))

    async def list(self) -> list[KeptFile]:
        return await self._reach(partial(_list, self._tenant, self._run))

    async def _reach(self, work: "partial[T]") -> T:
        try:
            return await self._threads.run(work)
        except DatabaseAway as error:
            raise HostUnavailable(str(error)) from error


def _write(tenant: UUID, run: UUID, name: str, text: str, key: str) -> KeptFile:
    """A write under this key that is there already is the answer: made again, it would go over what others wrote since."""
    content = text.encode()
    with tenant_scope(tenant), transaction.atomic():
        Run.objects.select_for_update().only("id").get(pk=run)  # one write of a run after the other
        rows = WorkspaceFile.objects.filter(run=run)
        known = rows.filter(key=key).first()
        if known is not None:
            return _kept(known)
        sums = rows.aggregate(writes=Count("pk"), size=Sum("size"))
        names = frozenset(rows.values_list("name", flat=True).distinct())
        Kept(names, sums["writes"], sums["size"] or 0).require_room(name, len(content))
        last = rows.filter(name=name).aggregate(last=Max("version"))["last"] or 0
        row = WorkspaceFile.objects.create(
            tenant_id=tenant,
            run_id=run,
            name=name,
            version=last + 1,
            key=key,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            text=text,
        )
        return _kept(row)


def _read(tenant: UUID, run: UUID, name: str) -> str | None:
    with tenant_scope(tenant):
        return WorkspaceFile.objects.filter(run=run, name=name).order_by("-version").values_list("text", flat=True).first()


def _list(tenant: UUID, run: UUID) -> list[KeptFile]:
    with tenant_scope(tenant):
        rows = WorkspaceFile.objects.filter(run=run).order_by("name", "version").defer("text")
        return list({row.name: _kept(row) for row in rows}.values())


def _kept(row: WorkspaceFile) -> KeptFile:
    return KeptFile(row.name, row.version, row.size, row.sha256)
