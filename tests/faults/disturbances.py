"""What can happen to a database while it is used: locks, cut connections, a server that is away or takes no writes."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

from tests.runs.databases import Database
from tests.runs.services import Postgres

AWAY = "ALTER DATABASE {} WITH ALLOW_CONNECTIONS false"
BACK = "ALTER DATABASE {} WITH ALLOW_CONNECTIONS true"
READ_ONLY = "ALTER DATABASE {} SET default_transaction_read_only = on"
WRITABLE = "ALTER DATABASE {} RESET default_transaction_read_only"


def name_of(database: Database) -> str:
    return database.url.rsplit("/", 1)[1]


def path_of(database: Database) -> str:
    return database.url.removeprefix("sqlite:///")


def locked(database: Database, postgres: Callable[[], Postgres], seconds: float) -> None:
    """What a migration does on PostgreSQL, and another writer on SQLite: nobody else gets in for so long."""
    if database.vendor == "sqlite":
        with sqlite3.connect(path_of(database), isolation_level=None, timeout=30) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            other.execute("ROLLBACK")
        other.close()
        return
    with admin(postgres(), name_of(database)) as session, session.transaction():
        session.execute("LOCK TABLE runs_run, runs_runevent IN ACCESS EXCLUSIVE MODE")
        time.sleep(seconds)


def admin(server: Postgres, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=server.host, user="postgres", dbname=database, autocommit=True)


def cut_connections(server: Postgres, database: Database) -> int:
    """End every session of the database. How many there were."""
    sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with admin(server) as session:
        return session.execute(sessions, (name_of(database),)).rowcount


@contextmanager
def cutting(server: Postgres, database: Database, every_s: float) -> Iterator[None]:
    """Connections are ended again and again."""
    over = threading.Event()

    def cut() -> None:
        while not over.wait(every_s):
            cut_connections(server, database)

    thread = threading.Thread(target=cut)
    connection.close()
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        connection.close()


@contextmanager
def altered(server: Postgres, database: Database, begin: str, end: str) -> Iterator[None]:
    """The database is AWAY or READ_ONLY for whoever connects now; whoever was connected is cut off, before and after."""
    connection.close()
    _alter(server, database, begin)
    try:
        yield
    finally:
        connection.close()
        _alter(server, database, end)


def _alter(server: Postgres, database: Database, statement: str) -> None:
    with admin(server) as session:
        session.execute(statement.format(f'"{name_of(database)}"').encode())
    cut_connections(server, database)
