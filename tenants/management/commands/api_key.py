"""Print a new API key."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tenants.isolation.scope import tenant_scope
from tenants.models import Tenant, User
from tenants.people.api_keys import create_api_key
from tenants.problems import ApiProblem


class Command(BaseCommand):
    help = "Makes an API key for a member of a tenant and prints it, and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="Slug of the tenant")
        parser.add_argument("--user", required=True, help="Name of the user")
        parser.add_argument("--label", default="made on the command line")
        parser.add_argument("--days", type=int, default=None, help="How long it holds; until it is revoked without this")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        user = User.objects.filter(username=options["user"]).first()
        if tenant is None or user is None:
            raise CommandError(f"There is no tenant {options['tenant']!r} or no user {options['user']!r}. `./manage.py seed` makes both.")
        days = options["days"]
        expires_at = timezone.now() + timedelta(days=days) if days is not None else None
        with tenant_scope(tenant.id):
            try:
                self.stdout.write(create_api_key(tenant=tenant, user=user, label=options["label"], expires_at=expires_at).secret)
            except ApiProblem as problem:
                raise CommandError(problem.message) from problem
