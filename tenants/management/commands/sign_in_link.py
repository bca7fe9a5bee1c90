"""Print a sign-in link that works once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import Membership
from tenants.people.sign_in import create_sign_in_link


class Command(BaseCommand):
    help = "Prints a link that signs a member in once, within the hour."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="Slug of the tenant")
        parser.add_argument("--user", required=True, help="Name of the user")
        parser.add_argument("--base", default="http://127.0.0.1:8000", help="Where the server is reached")

    def handle(self, *args: Any, **options: Any) -> None:
        with system_scope():
            membership = (
                Membership.objects.filter(tenant__slug=options["tenant"], user__username=options["user"])
                .select_related("tenant", "user")
                .first()
            )
        if membership is None:
            raise CommandError(f"{options['user']!r} is not a member of {options['tenant']!r}. `./manage.py seed` makes both.")
        with tenant_scope(membership.tenant_id):
            token = create_sign_in_link(tenant=membership.tenant, user=membership.user)
        self.stdout.write(options["base"].rstrip("/") + reverse("sign_in_link", args=[token]))
