"""`manage.py health`: for whoever keeps the processes, as an exit code."""

import json
import urllib.error
import urllib.request
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestrator.health import readiness
from orchestrator.settings.env import PORT
from runs.health.pulse import health_of
from runs.models import Pulse
from tenants.isolation.database import DatabaseAway, reach

PARTS = ("web", "worker", "scheduler")
PATIENCE_S = 5.0


class Command(BaseCommand):
    help = "Says whether the web process, the workers or the schedulers can do their work. Ends with code 1 when they cannot."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("part", nargs="?", choices=PARTS, help="Without one: everything, as this process finds it")
        parser.add_argument("--process", default="", help="One worker or scheduler by the id of its pulse; without it all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        ok, report = self._found(options["part"], options["process"])
        self.stdout.write(json.dumps(report))
        if not ok:
            raise CommandError(f"{options['part'] or 'The product'} cannot do its work.")

    def _found(self, part: str | None, process: str) -> tuple[bool, dict[str, Any]]:
        if part == "web":
            return _answer_of_web()
        if part is None:
            everything = readiness()
            parts = [everything.report.get(name, {}).get("ok", False) for name in ("worker", "scheduler")]
            return everything.ready and all(parts) and not everything.report["stranded_runs"], everything.report
        try:
            health = reach(lambda: health_of(Pulse.Kind(part), process), patience_s=PATIENCE_S)
        except DatabaseAway as error:
            return False, {"database": False, "error": str(error)}
        return health.ok, health.report


def _answer_of_web() -> tuple[bool, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/v1/health/ready", timeout=PATIENCE_S) as answer:
            return True, json.load(answer)
    except urllib.error.HTTPError as error:
        return False, json.load(error)
    except (urllib.error.URLError, OSError, ValueError) as error:
        return False, {"error": str(error)}
