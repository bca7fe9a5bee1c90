"""T23: on PostgreSQL, processes refuse a role that the wall does not bind, and migrations have a role of their own."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.servers import environment_of, free_port
from tests.runs.services import Postgres, scratch_folder

pytestmark = pytest.mark.postgres

OWNER, APP, STRONG = "role_owner", "role_app", "role_strong"
DATABASE = "roles"
MISCONFIGURED = 78


@pytest.fixture(scope="module")
def server(postgres: Postgres) -> Iterator[Postgres]:
    with psycopg.connect(host=postgres.host, user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {OWNER} LOGIN")
        admin.execute(f"CREATE ROLE {APP} LOGIN")
        admin.execute(f"CREATE ROLE {STRONG} LOGIN SUPERUSER")
        admin.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        try:
            yield postgres
        finally:
            admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
            for role in (APP, STRONG, OWNER):
                admin.execute(f"DROP ROLE {role}")


def url(server: Postgres, role: str) -> str:
    return f"postgres://{role}@{server.host.replace('/', '%2F')}/{DATABASE}"


def run(server: Postgres, folder: Path, role: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A process of ours as `role`; its Redis does not answer, which is no reason to end."""
    own = environment_of(database=url(server, role), redis=f"unix://{folder}/none.sock", folder=folder)
    (folder / "data").mkdir(exist_ok=True)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **own, **environment}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def migrated(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Postgres:
    """As the README says: the application's role in DATABASE_URL, the owner's in BATON_MIGRATION_URL."""
    folder = tmp_path_factory.mktemp("migrated")
    done = run(server, folder, APP, "manage.py", "migrate", "--verbosity=0", BATON_MIGRATION_URL=url(server, OWNER))
    assert done.returncode == 0, done.stderr
    return server


def test_t23_application_role_owns_nothing_and_does_its_work(migrated: Postgres, tmp_path: Path) -> None:
    with psycopg.connect(host=migrated.host, user="postgres", dbname=DATABASE, autocommit=True) as admin:
        owners = admin.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert owners == [(OWNER,)]
    seeded = run(migrated, tmp_path, APP, "manage.py", "seed", "--verbosity=0", BATON_MIGRATION_URL=url(migrated, OWNER))
    assert seeded.returncode == 0, seeded.stderr
    key = run(migrated, tmp_path, APP, "manage.py", "api_key", "--tenant", "demo", "--user", "demo")
    assert key.returncode == 0 and key.stdout.strip(), key.stderr


def test_t23_another_database_to_migrate_is_refused(migrated: Postgres, tmp_path: Path) -> None:
    other = url(migrated, OWNER).replace(f"/{DATABASE}", "/postgres")
    refused = run(migrated, tmp_path, APP, "manage.py", "migrate", BATON_MIGRATION_URL=other)
    assert refused.returncode == 1 and "They must be the same" in refused.stderr


PROCESSES = {
    "web": ("-m", "orchestrator.processes.web_server", "-b", "127.0.0.1", "-p", "{port}", "orchestrator.asgi:application"),
    "worker": ("-m", "celery", "-A", "orchestrator.celery", "worker", "--loglevel", "WARNING"),
    "scheduler": ("manage.py", "scheduler"),
}


@pytest.mark.parametrize("process", PROCESSES)
def test_t23_process_of_a_superuser_ends(migrated: Postgres, tmp_path: Path, process: str) -> None:
    arguments = [part.format(port=free_port()) for part in PROCESSES[process]]
    ended = run(migrated, tmp_path, STRONG, *arguments)
    assert ended.returncode == MISCONFIGURED, ended.stderr
    assert "is a superuser" in ended.stdout + ended.stderr


@pytest.mark.parametrize("process", PROCESSES)
def test_t23_process_of_the_owner_of_the_tables_ends(migrated: Postgres, tmp_path: Path, process: str) -> None:
    arguments = [part.format(port=free_port()) for part in PROCESSES[process]]
    ended = run(migrated, tmp_path, OWNER, *arguments)
    said = ended.stdout + ended.stderr
    assert ended.returncode == MISCONFIGURED and "owns the tables" in said and "BATON_MIGRATION_URL" in said


def test_t23_in_development_a_process_of_the_owner_is_warned_only(migrated: Postgres, tmp_path: Path) -> None:
    checked = "from orchestrator.processes.database_role import check_role; check_role()"
    started = run(migrated, tmp_path, OWNER, "-c", f"import django; django.setup(); {checked}", BATON_DEBUG="1")
    assert started.returncode == 0 and "owns the tables" in started.stdout + started.stderr


def test_t23_process_with_another_secret_key_ends(migrated: Postgres, tmp_path: Path) -> None:
    ended = run(migrated, tmp_path, APP, "manage.py", "scheduler", BATON_SECRET_KEY="another" * 8)
    assert ended.returncode == MISCONFIGURED and "another secret key" in ended.stdout + ended.stderr


def test_t23_launcher_says_why_it_does_not_start(migrated: Postgres) -> None:
    folder = scratch_folder()
    try:
        said = run(migrated, folder, STRONG, "manage.py", "up", PORT=str(free_port()), REDIS_URL=f"unix://{folder}/data/redis.sock")
    finally:
        shutil.rmtree(folder)
    assert said.returncode == 1 and "is a superuser" in said.stderr and "CREATE ROLE" in said.stderr
    assert "Traceback" not in said.stderr


def test_t23_another_secret_key_counts_once_it_has_migrated(migrated: Postgres, tmp_path: Path) -> None:
    owner, another = url(migrated, OWNER), "another" * 8
    try:
        done = run(migrated, tmp_path, APP, "manage.py", "migrate", "--verbosity=0", BATON_MIGRATION_URL=owner, BATON_SECRET_KEY=another)
        assert done.returncode == 0, done.stderr
        ended = run(migrated, tmp_path, APP, "manage.py", "scheduler")
        assert ended.returncode == MISCONFIGURED and "another secret key" in ended.stdout + ended.stderr
        seeded = run(migrated, tmp_path, APP, "manage.py", "seed", "--verbosity=0", BATON_SECRET_KEY=another)
        assert seeded.returncode == 0, seeded.stderr
    finally:
        back = run(migrated, tmp_path, APP, "manage.py", "migrate", "--verbosity=0", BATON_MIGRATION_URL=owner)
    assert back.returncode == 0, back.stderr


def test_t23_process_that_cannot_look_at_its_role_ends(migrated: Postgres, tmp_path: Path) -> None:
    with psycopg.connect(host=migrated.host, user=OWNER, dbname=DATABASE, autocommit=True) as owner:
        owner.execute("REVOKE EXECUTE ON FUNCTION baton_scope() FROM PUBLIC")
        try:
            ended = run(migrated, tmp_path, APP, "manage.py", "scheduler")
        finally:
            owner.execute("GRANT EXECUTE ON FUNCTION baton_scope() TO PUBLIC")
    assert ended.returncode == MISCONFIGURED and "permission denied" in ended.stdout + ended.stderr
