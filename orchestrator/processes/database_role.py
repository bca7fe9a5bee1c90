"""No process works on PostgreSQL as a role that the wall between tenants does not bind."""

import os
import threading
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from tenants.isolation.database import DatabaseAway, reach
from tenants.isolation.postgresql.app_role import Weakness, weakness_of

log = structlog.get_logger(__name__)

MISCONFIGURED: Final = 78
"""EX_CONFIG of sysexits.h."""
PATIENCE_S: Final = 30.0


class UnsafeRole(Exception):
    """PostgreSQL's wall would not hold."""


def check_role() -> None:
    """Refuse what cannot be walled; in development, warn. Raises UnsafeRole, DatabaseAway."""
    weakness = reach(_weakness, patience_s=PATIENCE_S)
    if weakness is None:
        return
    if not settings.DEBUG:
        raise UnsafeRole(str(weakness))
    log.warning("database_role", problem=weakness.message, cure=weakness.cure)


def end_if_unsafe() -> None:
    """Check from a thread of its own: a process starts although the database is away, and ends once it is there and unsafe."""
    if connection.vendor == "postgresql":
        threading.Thread(target=_end_if_unsafe, name="database-role", daemon=True).start()


def _end_if_unsafe() -> None:
    while True:
        try:
            return check_role()
        except DatabaseAway:
            continue
        except (UnsafeRole, DatabaseError) as error:  # what cannot be looked at is not known to be safe
            log.critical("database_role", problem=str(error))
            os._exit(MISCONFIGURED)
        finally:
            connection.close()


def _weakness() -> Weakness | None:
    return weakness_of(connection) if connection.vendor == "postgresql" else None
