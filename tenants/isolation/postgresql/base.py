"""Django's PostgreSQL backend, telling the server which tenant each query works for.

Before a query the session setting `baton.scope` is made equal to the scope of the code that asks, so that row-level
security and the managers agree. A rollback undoes settings made inside its transaction: what was set is forgotten then.
"""

from collections.abc import Callable
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, Cursor
from psycopg.pq import TransactionStatus

from tenants.isolation.postgresql.seal import SETTING, told
from tenants.isolation.scope import current_scope

_TELL = f"SELECT set_config('{SETTING}', %s, false)"


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._told: str | None = None
        self.execute_wrappers.append(self._tell_scope)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._told = None
        return super().get_new_connection(conn_params)

    def _tell_scope(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run one query with the server knowing the scope."""
        wanted = told(current_scope())
        connection: Connection[Any] = self.connection
        # In a failed transaction nothing can be read and nothing be set: only a rollback may follow.
        if wanted != self._told and connection.info.transaction_status != TransactionStatus.INERROR:
            self._told = None
            with self.wrap_database_errors, Cursor(connection) as cursor:
                # The server binds the value: among the running queries, which others of the role may read, it is not shown.
                cursor.execute(_TELL, [wanted])
            self._told = wanted
        return execute(sql, params, many, context)

    def _rollback(self) -> None:
        self._told = None
        super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._told = None

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        except BaseException:
            self._told = None
            raise
