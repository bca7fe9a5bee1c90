"""What PostgreSQL needs to compare vectors: its extension, and an index for each usual size. Other databases need nothing."""

from typing import Final

from django.core.management import CommandError
from django.db import DatabaseError, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

INDEXED: Final = (256, 384, 512, 768, 1024, 1536)
"""Sizes of vectors that there is an index for; others are compared one by one."""
_MISSING: Final = (
    "This PostgreSQL has no pgvector, in which memories of agents are kept. Got: {error}"
    "Install the package of your system (on Debian and Ubuntu: postgresql-17-pgvector, for your version; managed servers have it), "
    "then, as a superuser and in this database: CREATE EXTENSION vector; and migrate again."
)


def create_extension(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Raises CommandError that says what to do where that is not possible."""
    connection = editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'")
        if cursor.fetchone() is not None:
            return
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("CREATE EXTENSION vector")
        except DatabaseError as error:
            raise CommandError(_MISSING.format(error=error)) from error


def create_indexes(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for size in INDEXED:
            editor.execute(
                f"CREATE INDEX memory_near_{size} ON runs_memory USING hnsw ((embedding::vector({size})) vector_cosine_ops)"
                f" WHERE dimension = {size}"
            )


def drop_indexes(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for size in INDEXED:
            editor.execute(f"DROP INDEX IF EXISTS memory_near_{size}")


def leave_room(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """A memory that is marked as recalled stays in its page, where there is room: in another it would enter every index anew."""
    _filled(editor, "SET (fillfactor = 70)")


def leave_no_room(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _filled(editor, "RESET (fillfactor)")


def _filled(editor: BaseDatabaseSchemaEditor, how: str) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"ALTER TABLE runs_memory {how}")
