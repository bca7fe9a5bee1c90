"""SQL that only reads: files of the graph, and a real PostgreSQL server."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import ToolCall
from orchestrator.engine.testing import call_context
from tests.runs.services import Postgres
from tests.socket_proxy import SocketProxy

ROWS = [(1, "Oslo", 2.5, b"\x00\xff"), (2, "Rome", None, None), (3, "O'Brien", 1e300, b"")]


def shop(folder: Path, mode: str = "delete") -> bytes:
    path = folder / f"{mode}.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA journal_mode={mode}")
        database.execute("CREATE TABLE cities (id INTEGER, name TEXT, size REAL, flag BLOB)")
        database.executemany("INSERT INTO cities VALUES (?, ?, ?, ?)", ROWS)
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


async def ask(query: str, files: dict[str, bytes], database: str = "shop.sqlite", **arguments: Json) -> Any:
    wanted = ToolCall(tool="sql_query", arguments={"database": database, "query": query, **arguments})
    return await toolbox(files=files, owner="t").call(wanted, call_context())


async def refusal(query: str, files: dict[str, bytes], database: str = "shop.sqlite", **arguments: Json) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await ask(query, files, database, **arguments)
    assert caught.value.info.cure
    return caught.value


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return {"shop.sqlite": shop(tmp_path_factory.mktemp("sql")), "notes.md": b"# no"}


async def test_rows_come_with_their_columns_and_more_is_told(files: dict[str, bytes]) -> None:
    assert await ask("SELECT id, name, size, flag FROM cities ORDER BY id", files, limit=2) == {
        "columns": ["id", "name", "size", "flag"],
        "rows": [[1, "Oslo", 2.5, "(2 bytes)"], [2, "Rome", None, None]],
        "more": True,
    }
    assert (await ask("SELECT count(*) AS n, max(name) FROM cities", files))["rows"] == [[3, "Rome"]]
    assert (await ask("SELECT 1, 1", files))["rows"] == [[1, 1]], "columns of one name are both there"


async def test_file_that_was_written_with_a_write_ahead_log_is_read(tmp_path: Path) -> None:
    assert (await ask("SELECT count(*) FROM cities", {"shop.sqlite": shop(tmp_path, "wal")}))["rows"] == [[3]]


async def test_the_spec_names_the_databases_at_hand(files: dict[str, bytes]) -> None:
    spec = toolbox(files=files).spec("sql_query")
    assert spec is not None and spec.parameters["properties"]["database"]["enum"] == ["shop.sqlite", "postgresql"]  # type: ignore[index,call-overload]


FORBIDDEN = [
    "INSERT INTO cities VALUES (9, 'x', 1, NULL)",
    "UPDATE cities SET name = 'x'",
    "DELETE FROM cities",
    "DROP TABLE cities",
    "CREATE TABLE x (y)",
    "CREATE TEMP TABLE x (y)",
    "ATTACH '/etc/passwd' AS other",
    "ATTACH ':memory:' AS other",
    "DETACH main",
    "PRAGMA query_only = OFF",
    "PRAGMA table_info(cities)",
    "SELECT load_extension('/tmp/x.so')",
    "SELECT * FROM pragma_database_list",
    "VACUUM INTO '/tmp/copy.sqlite'",
    "VACUUM",
    "REINDEX",
    "BEGIN IMMEDIATE",
    "SAVEPOINT x",
    "SELECT 1; DELETE FROM cities",
    "WITH x AS (SELECT 1) INSERT INTO cities SELECT 1, 2, 3, 4 FROM x",
    "EXPLAIN DELETE FROM cities",
    "SELECT writefile('/tmp/x', 'y')",
    "",
    "--",
    "SELEKT",
    "SELECT nothing FROM nowhere",
    "SELECT '\x00'",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000,
]


@pytest.mark.parametrize("query", FORBIDDEN, ids=lambda query: query[:30])
async def test_everything_but_reading_is_refused_by_the_database(files: dict[str, bytes], query: str) -> None:
    assert (await refusal(query, files)).info.code in (ErrorCode.INVALID_INPUT, ErrorCode.TIMEOUT)
    assert not Path("/tmp/copy.sqlite").exists()
    assert (await ask("SELECT count(*) FROM cities", files))["rows"] == [[3]]


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


@pytest.mark.parametrize("query", [ENDLESS, "SELECT length(hex(randomblob(1000000000)))", "SELECT zeroblob(900000000)"])
async def test_query_without_end_is_stopped_and_the_loop_goes_on(files: dict[str, bytes], query: str) -> None:
    task = asyncio.create_task(refusal(query, files))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.005)
        turns += 1
    error = await task
    assert turns > (10 if query == ENDLESS else 0)
    assert error.info.code in (ErrorCode.TIMEOUT, ErrorCode.INVALID_INPUT, ErrorCode.LIMIT_EXCEEDED)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00", b"SQLite format 3\x00" + b"\xff" * 4096, b"PK\x03\x04", b"x" * 100])
async def test_file_that_is_no_database_says_so(content: bytes) -> None:
    assert await refusal("SELECT * FROM sqlite_master", {"shop.sqlite": content})


async def test_database_that_did_not_come_with_the_graph_is_refused(files: dict[str, bytes]) -> None:
    for name in ("/etc/passwd", "../shop.sqlite", "other.sqlite", ":memory:", "file:shop.sqlite?mode=rw"):
        assert (await refusal("SELECT 1", files, name)).info.code is ErrorCode.INVALID_INPUT


@settings(max_examples=60, deadline=None)
@given(damage=st.lists(st.tuples(st.integers(0, 8191), st.integers(0, 255)), min_size=1, max_size=40))
async def test_damaged_file_gives_rows_or_an_error_and_never_ends_the_process(tmp_path_factory: Any, damage: list[tuple[int, int]]) -> None:
    content = bytearray(shop(tmp_path_factory.mktemp("damaged")))
    for place, value in damage:
        content[place % len(content)] = value
    try:
        assert "rows" in await ask("SELECT * FROM cities", {"shop.sqlite": bytes(content)})
    except ToolError as error:
        assert error.info.message


@pytest.fixture(scope="module")
def server(postgres: Postgres) -> Iterator[SocketProxy]:
    """The server over TCP, with a table and a role that may write to it."""
    with psycopg.connect(host=postgres.host, user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute("DROP TABLE IF EXISTS cities")
        admin.execute("CREATE TABLE cities (id int, name text, born date, price numeric, flag bytea)")
        admin.execute("INSERT INTO cities VALUES (1, 'Oslo', '2026-01-02', 1.10, '\\x00ff'), (2, 'Rome', NULL, NULL, NULL)")
        admin.execute("DROP ROLE IF EXISTS shopkeeper")
        admin.execute("CREATE ROLE shopkeeper LOGIN SUPERUSER PASSWORD 'swordfish-77'")
    with SocketProxy(Path(postgres.host) / ".s.PGSQL.5432") as proxy:
        yield proxy
    with psycopg.connect(host=postgres.host, user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute("DROP TABLE cities")
        admin.execute("DROP ROLE shopkeeper")


async def on_server(query: str, port: int, address: str = "", private: bool = True, **arguments: Json) -> Any:
    stored = address or f"postgresql://shopkeeper:swordfish-77@127.0.0.1:{port}/postgres"
    hosts = [f"127.0.0.1:{port}"] if private else []
    box = toolbox(private_hosts=hosts, own_secrets={"postgresql": stored}, secrets=[stored, "swordfish-77"], owner="p")
    return await box.call(ToolCall(tool="sql_query", arguments={"database": "postgresql", "query": query, **arguments}), call_context())


@pytest.mark.postgres
async def test_server_gives_rows_with_their_types_as_json(server: SocketProxy) -> None:
    assert await on_server("SELECT * FROM cities ORDER BY id", server.port, limit=1) == {
        "columns": ["id", "name", "born", "price", "flag"],
        "rows": [[1, "Oslo", "2026-01-02", "1.10", "(2 bytes)"]],
        "more": True,
    }
    assert (await on_server("SELECT '100%' AS share, ARRAY[1,2], '{\"a\":1}'::jsonb", server.port))["rows"] == [["100%", [1, 2], {"a": 1}]]


ATTACKS = [
    "INSERT INTO cities VALUES (9)",
    "DELETE FROM cities",
    "WITH gone AS (DELETE FROM cities RETURNING id) SELECT * FROM gone",
    "SELECT 1; DELETE FROM cities",
    "SELECT 1; COMMIT; DELETE FROM cities",
    "COMMIT",
    "SET TRANSACTION READ WRITE",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "COPY cities TO '/tmp/cities.txt'",
    "COPY cities TO PROGRAM 'touch /tmp/ran'",
    "DO $$ BEGIN DELETE FROM cities; END $$",
    "CREATE TABLE x (y int)",
    "SELECT * INTO x FROM cities",
    "SELECT set_config('transaction_read_only', 'off', true), (SELECT count(*) FROM cities)",
    "SELECT nextval('nowhere')",
    "SELECT lo_create(0)",
    "SELECT pg_sleep(30)",
    "SELECT set_config('statement_timeout', '0', false), pg_sleep(30)",
    "SELECT repeat('x', 900000000)",
    "SELECT nothing FROM nowhere",
    "TABLE cities FOR UPDATE",
]


@pytest.mark.postgres
@pytest.mark.parametrize("query", ATTACKS)
async def test_server_refuses_everything_but_reading_and_what_takes_too_long(server: SocketProxy, query: str) -> None:
    began = time.monotonic()
    with pytest.raises(ToolError) as caught:
        await on_server(query, server.port)
    assert time.monotonic() - began < 25 and caught.value.info.cure
    assert (await on_server("SELECT count(*) FROM cities", server.port))["rows"] == [[2]]
    assert not Path("/tmp/ran").exists() and not Path("/tmp/cities.txt").exists()


@pytest.mark.postgres
async def test_private_server_is_refused_unless_the_operator_allows_it(server: SocketProxy) -> None:
    before = server.connections
    with pytest.raises(ToolError) as caught:
        await on_server("SELECT 1", server.port, private=False)
    assert caught.value.info.code is ErrorCode.REFUSED and "BATON_PRIVATE_HOSTS" in caught.value.info.cure
    assert server.connections == before


INCOMPLETE = [
    "postgresql://shopkeeper@127.0.0.1:5432/postgres",
    "postgresql://shopkeeper:x@/postgres?host=/tmp",
    "postgresql://shopkeeper:x@127.0.0.1:5432/",
    "postgresql://u:x@127.0.0.1:5432/db?sslkey=/etc/ssl/private/own.key",
    "mysql://u:x@127.0.0.1/db",
    "host=127.0.0.1",
    "postgresql://u:x@127.0.0.1:99999/db",
    "postgresql://u:x@[::1/db",
]


@pytest.mark.parametrize("address", INCOMPLETE)
async def test_address_that_leaves_anything_to_this_machine_is_refused(address: str) -> None:
    with pytest.raises(ToolError, match="address is not complete"):
        await on_server("SELECT 1", 5432, address)


async def test_without_a_stored_address_it_says_how_to_store_one() -> None:
    error = await refusal("SELECT 1", {}, "postgresql")
    assert "stored no PostgreSQL address" in error.info.message and "Settings, Keys" in error.info.cure


@pytest.mark.postgres
async def test_no_error_shows_the_password(server: SocketProxy) -> None:
    for query in ("SELECT 'swordfish-77'::int", "SELECT current_setting('nope')"):
        with pytest.raises(ToolError) as caught:
            await on_server(query, server.port)
        assert "swordfish-77" not in caught.value.info.message + caught.value.info.cure
    assert (await on_server("SELECT 'it is swordfish-77'", server.port))["rows"] == [["it is [secret]"]]
