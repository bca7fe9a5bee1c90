"""`manage.py seed`: two tenants, the tools of every tenant, and the graphs that come with the product."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from editor.graphs.actions import install_starter, publish_version
from editor.starters.catalog import starters
from editor.versions.versions import latest_version
from orchestrator.capabilities.tools.registry import all_specs
from tenants.isolation.scope import system_scope, tenant_scope
from tenants.models import Tenant
from tenants.people.actions import seed_tenants
from tenants.policy.tools import install_tools


class Command(BaseCommand):
    help = "Makes what a new installation starts with. Doing it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--password", default="", help="For demo, casey and rival; without one they come in by link only")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic(), system_scope():
            seeded = seed_tenants(password=options["password"])
        for tenant in Tenant.objects.all():
            with transaction.atomic(), tenant_scope(tenant.pk):
                install_tools(tenant=tenant, specs=all_specs())
        with transaction.atomic(), tenant_scope(seeded.demo.pk):
            for starter in starters():
                graph = install_starter(starter=starter, tenant=seeded.demo, by=seeded.demo_owner)
                if latest_version(graph) is None:
                    publish_version(graph=graph, note="As it came", by=seeded.demo_owner)
        if options["verbosity"]:
            self.stdout.write("Seeded: tenants demo and acme")
