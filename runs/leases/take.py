"""The statements by which named runs get their next owner.

Plain SQL, because every run passes here at least once, and building these statements from
models takes longer than everything else until the run's first event.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from runs.leases.claim import MAX_CRASHES, SUSPECT_CRASHES
from runs.models import Run


class _Dialect(NamedTuple):
    now: str
    until: str
    """The database's clock when the row is written, and so many seconds more."""
    lock: str


_DIALECTS = {
    "sqlite": _Dialect(
        now="STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')",
        until="STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', %s || ' seconds')",
        lock="",  # the transaction keeps all others from writing
    ),
    "postgresql": _Dialect(
        now="STATEMENT_TIMESTAMP()",
        until="CLOCK_TIMESTAMP() + %s * INTERVAL '1 second'",
        lock="FOR UPDATE SKIP LOCKED",
    ),
}

_DUE = """
SELECT * FROM runs_run
WHERE due_at <= {now} AND lease_owner <> %s AND id IN ({ids})
    AND NOT (crashes + CASE WHEN lease_owner = '' THEN 0 ELSE 1 END BETWEEN %s AND %s) {lock}
"""
_TAKE = """
UPDATE runs_run SET lease_owner = %s, lease_epoch = lease_epoch + 1, due_at = {until},
    crashes = crashes + CASE WHEN lease_owner = '' THEN 0 ELSE 1 END
WHERE id IN ({ids})
"""


def due_and_named(owner: str, ids: Sequence[UUID]) -> list[Run]:
    """Those of the runs that a worker other than `owner` left due, suspects aside. In a transaction they are locked."""
    statement = _statement(_DUE, len(ids))
    return list(Run.objects.raw(statement, [owner, *map(_id, ids), SUSPECT_CRASHES, MAX_CRASHES - 1]))


def take(owner: str, ids: Sequence[UUID], seconds: float) -> None:
    """Give the runs to `owner` for so long. A lease that ran out counts as one more worker lost."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_statement(_TAKE, len(ids)), [owner, seconds, *map(_id, ids)])


def _statement(template: str, count: int) -> str:
    dialect = _DIALECTS[connection.vendor]
    return template.format(**dialect._asdict(), ids=", ".join(["%s"] * count))


def _id(run_id: UUID) -> str | UUID:
    stored: str | UUID = Run._meta.pk.get_db_prep_value(run_id, connection)
    return stored
