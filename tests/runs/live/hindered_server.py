"""The web server as it is, on a database that is slow or fails where a test says so.

`HINDRANCE` names a file with JSON: a list of `{"match": text of a statement or its values, "wait_s": 0, "fail": false}`.
It is read again at each statement, and while one waits, so a test hinders and heals a server that runs.
Each statement that is hindered leaves a line in the file's `.met` neighbour. `REQUEST_S` is how long a request may come in.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.db.backends.signals import connection_created

HINDRANCE = Path(os.environ["HINDRANCE"])


def found(sql: str, values: Any) -> dict[str, Any] | None:
    text = f"{sql} {values}"
    for hindrance in json.loads(HINDRANCE.read_text()):
        if hindrance["match"] in text:
            return dict(hindrance)
    return None


def hindered(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: dict[str, Any]) -> Any:
    hindrance = found(sql, values)
    if hindrance is not None:
        with HINDRANCE.with_suffix(".met").open("a") as met:
            met.write(f"{hindrance['match']}\n")
        answer = execute(sql, values, many, context) if hindrance.get("late") else None
        until = time.monotonic() + hindrance.get("wait_s", 0)
        while time.monotonic() < until and found(sql, values) is not None:
            time.sleep(0.02)
        if hindrance.get("fail"):
            raise OperationalError("hindered")
        if answer is not None:
            return answer
    return execute(sql, values, many, context)


def hinder(connection: Any, **_: object) -> None:
    connection.execute_wrappers.append(hindered)


if __name__ == "__main__":
    from orchestrator.processes import web_bounds
    from orchestrator.processes.web_server import WebServer

    web_bounds.REQUEST_S = float(os.environ.get("REQUEST_S", web_bounds.REQUEST_S))

    connection_created.connect(hinder)
    WebServer().run(sys.argv[1:])
