"""`manage.py write_contract`: the browser's types, generated from the Python definitions."""

import json
import re
import subprocess
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestrator.contract import contract_schema

TARGET = "src/contract/generated.ts"
BANNER = """/* Generated from the Python definitions by `make contract`; never edited by hand. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
"""
_REFERENCE = re.compile(r"( \*\n)? \* This interface was referenced by `Contract`'s JSON-Schema\n \* via the `definition` \"\w+\".\n")


class Command(BaseCommand):
    help = "Writes static/src/contract/generated.ts; with --check only says whether it is up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Fail when the file is not up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        static = settings.BASE_DIR / "static"
        tool = static / "node_modules" / ".bin" / "json2ts"
        if not tool.exists():
            raise CommandError("The browser packages are not installed. Run make setup first.")
        arguments = [
            str(tool),
            "--bannerComment",
            BANNER,
            "--additionalProperties",
            "false",
            "--format",
            "true",
            "--unreachableDefinitions",
        ]
        done = subprocess.run(arguments, input=json.dumps(contract_schema()), capture_output=True, text=True, check=False)  # noqa: S603 - our own tool
        if done.returncode:
            raise CommandError(f"The types cannot be generated: {done.stderr.strip()[-800:]}")
        types = _REFERENCE.sub("", done.stdout)
        target = static / TARGET
        if not options["check"]:
            target.write_text(types, encoding="utf-8")
        elif not target.exists() or target.read_text(encoding="utf-8") != types:
            raise CommandError("The browser's types are not up to date. Run make contract and commit the result.")
