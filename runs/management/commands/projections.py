"""`manage.py projections`: whether what is read from the logs is what the logs say; with --rebuild, makes it so."""

import json
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runs.log.rebuild import rebuild
from runs.models import Run
from tenants.isolation.scope import system_scope


class Command(BaseCommand):
    help = "Reads every run's log again and compares the rows with it; exits with 1 when some differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--run", type=UUID, help="Only this run")
        parser.add_argument("--rebuild", action="store_true", help="Write what the logs say")

    def handle(self, *args: Any, **options: Any) -> None:
        with system_scope():
            runs = Run.objects.filter(pk=options["run"]) if options["run"] else Run.objects.all()
            looked, differing = 0, 0
            for key in list(runs.order_by("created_at").values_list("pk", flat=True)):
                run = Run.objects.get(pk=key)
                found = rebuild(run, keep=options["rebuild"])
                looked, differing = looked + 1, differing + bool(found)
                for difference in found:
                    self.stdout.write(f"{difference.run} {difference.projection}")
                    self.stdout.write(f"  stored: {json.dumps(difference.stored, default=str)}")
                    self.stdout.write(f"  log:    {json.dumps(difference.read, default=str)}")
        if options["run"] and not looked:
            raise CommandError(f"There is no run {options['run']}.")
        done = "rebuilt" if options["rebuild"] else "differ from their logs"
        self.stdout.write(f"{looked} runs read, {differing} {done}")
        if differing and not options["rebuild"]:
            raise CommandError("Some rows are not what the logs say. Look at them, then run this with --rebuild.")
