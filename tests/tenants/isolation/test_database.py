"""Which errors of the real databases pass by themselves, and which are somebody's fault."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import DatabaseError, InterfaceError, connection

from tenants.isolation.database import drop_connection, is_away, reach
from tests.faults.disturbances import AWAY, BACK, admin, altered, cut_connections, locked
from tests.runs.databases import Database
from tests.runs.services import Postgres

ON_POSTGRES = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WRITE = "INSERT INTO runs_probe (sent_at, worker) VALUES ('2026-01-01T00:00:00Z', '')"


def asked(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def error_of(*statements: str) -> Exception:
    try:
        asked(*statements)
    except (DatabaseError, InterfaceError) as error:
        drop_connection()
        return error
    pytest.fail(f"{statements} succeeded")


def later(work: Callable[[], object], after_s: float) -> threading.Timer:
    timer = threading.Timer(after_s, work)
    timer.start()
    return timer


def end_sessions(server: Postgres) -> None:
    with admin(server) as session:
        session.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")


@ON_POSTGRES
class TestPostgres:
    def test_a_session_that_is_ended_in_the_middle_of_a_statement(self, database: Database, postgres: Postgres) -> None:
        """F18"""
        timer = later(lambda: end_sessions(postgres), 0.5)
        error = error_of("SELECT pg_sleep(10)")
        timer.join()
        assert getattr(error.__cause__, "sqlstate", None) == "57P01" and is_away(error)

    def test_a_session_that_was_ended_while_nothing_was_asked(self, database: Database, postgres: Postgres) -> None:
        """F18: the next statement finds it out, and is made again on a new connection."""
        asked("SELECT 1")
        with admin(postgres) as session:
            session.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database.url.rsplit("/", 1)[1],))
        error = error_of("SELECT 1")
        assert is_away(error)
        asked("SELECT 1")
        with admin(postgres) as session:
            session.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database.url.rsplit("/", 1)[1],))
        reach(lambda: asked("SELECT 1"))

    def test_a_database_that_takes_no_connections(self, database: Database, postgres: Postgres) -> None:
        """F06"""
        with altered(postgres, database, AWAY, BACK):
            assert is_away(error_of("SELECT 1"))
        cut_connections(postgres, database)

    @pytest.mark.parametrize(
        ("statements", "state"),
        [
            (("SET default_transaction_read_only = on", WRITE), "25006"),
            (("SET statement_timeout = 100", "SELECT pg_sleep(10)"), "57014"),
        ],
    )
    def test_what_passes_by_itself(self, database: Database, statements: tuple[str, ...], state: str) -> None:
        """F25"""
        error = error_of(*statements)
        assert getattr(error.__cause__, "sqlstate", None) == state and is_away(error)

    def test_a_lock_that_is_not_given_in_time(self, database: Database, postgres: Postgres) -> None:
        """F17"""
        holding = threading.Thread(target=locked, args=(database, lambda: postgres, 2.0))
        holding.start()
        time.sleep(0.5)
        error = error_of("SET lock_timeout = 100", "SELECT count(*) FROM runs_run")
        holding.join()
        assert getattr(error.__cause__, "sqlstate", None) == "55P03" and is_away(error)


@ON_SQLITE
class TestSqlite:
    def test_a_lock_that_is_not_given_in_time(self, database: Database) -> None:
        """F17"""
        holding = threading.Thread(target=locked, args=(database, pytest.fail, 2.0))
        holding.start()
        time.sleep(0.5)
        assert is_away(error_of("PRAGMA busy_timeout = 100", WRITE))
        holding.join()

    def test_a_database_that_takes_no_writes(self, database: Database) -> None:
        """F25"""
        assert is_away(error_of("PRAGMA query_only = on", WRITE))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM no_such_table",
        "SELEKT 1",
        "INSERT INTO runs_probe (id, sent_at, worker) VALUES (1, '2026-01-01T00:00:00Z', ''), (1, '2026-01-01T00:00:00Z', '')",
        "INSERT INTO runs_probe (sent_at, worker) VALUES (NULL, '')",
    ],
)
def test_what_is_somebodys_fault_does_not_pass(database: Database, statement: str) -> None:
    assert not is_away(error_of(statement))
    tries: list[None] = []

    def work() -> None:
        tries.append(None)
        asked(statement)

    with pytest.raises(DatabaseError):
        reach(work, patience_s=5)
    assert len(tries) == 1


def test_work_is_done_again_until_the_database_is_there(database: Database) -> None:
    until = time.monotonic() + 0.7

    def work() -> str:
        if time.monotonic() < until:
            raise InterfaceError("gone")
        asked("SELECT 1")
        return "done"

    assert reach(work, patience_s=5) == "done"
    until = time.monotonic() + 60
    with pytest.raises(DatabaseError, match="gone"):
        reach(work, patience_s=0.2)
