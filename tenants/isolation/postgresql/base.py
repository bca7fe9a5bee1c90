"""Django's PostgreSQL backend, telling the server which tenant each query works for.

Before a query the session settings `baton.tenant` and `baton.system` are made equal to
the scope of the code that asks, so that row-level security and the managers agree. A
rollback undoes settings made inside its transaction: what was set is forgotten then.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg.pq import TransactionStatus

from tenants.isolation.scope import SYSTEM, current_scope

Settings = tuple[str, str]


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._told: Settings | None = None
        self.execute_wrappers.append(self._tell_scope)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._told = None
        return super().get_new_connection(conn_params)

    def _tell_scope(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run one query with the server knowing the scope."""
        scope = current_scope()
        wanted = (str(scope) if isinstance(scope, UUID) else "", "on" if scope is SYSTEM else "off")
        connection: Connection[Any] = self.connection
        # In a failed transaction nothing can be read and nothing be set: only a rollback may follow.
        if wanted != self._told and connection.info.transaction_status != TransactionStatus.INERROR:
            self._told = None
            with self.wrap_database_errors:
                connection.execute("SELECT set_config('baton.tenant', %s, false), set_config('baton.system', %s, false)", wanted)
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
