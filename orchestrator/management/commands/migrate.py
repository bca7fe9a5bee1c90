"""`manage.py migrate`: Django's, as the role that owns the tables where there is one, and with the wall sealed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections

from tenants.isolation.postgresql.app_role import grant_rights
from tenants.isolation.postgresql.seal import is_ours, is_there, put_up


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        connection = connections[alias]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        if settings.MIGRATION_ROLE is None or alias != DEFAULT_DB_ALIAS:
            self._migrate(alias, *args, **options)
            return
        role = connection.settings_dict["USER"]
        with _owner(alias, settings.MIGRATION_ROLE):
            self._migrate(alias, *args, **options)
            grant_rights(connection, role)

    def _migrate(self, alias: str, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if is_there(connections[alias]) and not is_ours(connections[alias]):
            put_up(connections[alias])


@contextmanager
def _owner(alias: str, owner: Mapping[str, Any]) -> Iterator[None]:
    """The connection is the owner's within."""
    settings_dict = connections[alias].settings_dict
    if owner["NAME"] != settings_dict["NAME"]:
        raise CommandError(
            f"BATON_MIGRATION_URL leads to database {owner['NAME']!r}, DATABASE_URL to {settings_dict['NAME']!r}. They must be the same."
        )
    before = {name: settings_dict[name] for name in ("USER", "PASSWORD", "HOST", "PORT")}
    connections[alias].close()
    settings_dict.update({name: owner[name] for name in before})
    try:
        yield
    finally:
        connections[alias].close()
        settings_dict.update(before)
