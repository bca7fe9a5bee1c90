"""What somebody put into the queue that is no message of ours is discarded and logged; the worker goes on."""

import base64
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from tests.faults.servers import CELERY_WORKER, process
from tests.faults.test_broker_down import DOCUMENT, consumes, ended, start
from tests.faults.test_broker_errors import own_broker
from tests.runs.databases import Database
from tests.runs.factories import world
from tests.runs.services import START_S, Valkey, scratch_folder, wait_until

__all__ = ["own_broker"]

QUEUE = "baton"
ADMIT = "runs.admit"


def message(body: Any = ((), {}, {}), **changes: Any) -> dict[str, Any]:
    """A Celery message as it lies in Redis, with something changed."""
    text = base64.b64encode(json.dumps(body).encode()).decode()
    properties = {"delivery_tag": str(uuid4()), "delivery_info": {"exchange": "", "routing_key": QUEUE}, "body_encoding": "base64"}
    headers = {"task": ADMIT, "id": str(uuid4()), "lang": "py", "argsrepr": "()", "kwargsrepr": "{}"}
    whole = {"body": text, "content-type": "application/json", "content-encoding": "utf-8", "headers": headers, "properties": properties}
    return {**whole, **changes}


HEADERS: dict[str, Any] = message()["headers"]
BAD: dict[str, bytes | dict[str, Any] | list[int] | str | None] = {
    "no JSON": b"hello",
    "no text": b"\xff\xfe\x00",
    "nothing": b"",
    "half a message": json.dumps(message()).encode()[:100],
    "too deep": b"[" * 100_000,
    "a list": [1],
    "a text": "text",
    "null": None,
    "an empty object": {},
    "no properties": {"body": "e30="},
    "no delivery tag": message(properties={}),
    "properties that are none": message(properties=3),
    "no base64": message(body="%%%"),
    "a body that is a number": {**message(), "body": 7},
    "an unknown encoding of the body": message(properties={**message()["properties"], "body_encoding": "rot13"}),
    "an unknown content type": message(**{"content-type": "application/x-python-serialize"}),
    "an unknown charset": message(**{"content-encoding": "klingon"}),
    "a compression that is none": message(headers={**HEADERS, "compression": "application/x-rar"}),
    "an unknown task": message(headers={**HEADERS, "task": "os.system"}),
    "a task that is a list": message(headers={**HEADERS, "task": ["runs.admit"]}),
    "no headers": message(headers=None),
    "headers that are a text": message(headers="x"),
    "no id": message(headers={"task": ADMIT}),
    "no arguments": message(),
    "arguments that are none": message(body=[{"a": 1}, 3, None]),
    "a body that is no task's": message(body="text"),
    "ids that are none": message(body=[["x", "y"], {}, {}]),
    "a time that is none": message(headers={**HEADERS, "expires": "yesterday"}),
    "an hour that is none": message(headers={**HEADERS, "eta": "25 o'clock"}),
    "a time limit that is none": message(headers={**HEADERS, "timelimit": "x"}),
    "an earlier protocol": {**message(headers={}), "body": base64.b64encode(b'{"task":"runs.admit"}').decode()},
}


def raw(bad: object) -> bytes:
    return bad if isinstance(bad, bytes) else json.dumps(bad).encode()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_no_message_of_ours_is_discarded_and_logged(database: Database, own_broker: Valkey) -> None:
    folder: Path = scratch_folder()
    place = world(DOCUMENT)
    with (
        redis.Redis(unix_socket_path=str(own_broker.socket)) as client,
        process(CELERY_WORKER, database=database.url, redis=own_broker.url, folder=folder) as worker,
    ):
        start(place)
        wait_until(lambda: ended() == 1, START_S, "the worker executes runs")
        for name, bad in BAD.items():
            before = len(log(folder))
            client.lpush(QUEUE, raw(bad))
            wait_until(lambda: client.llen(QUEUE) == 0, 10, f"{name} was taken")
            wait_until(lambda before=before: len(log(folder)) > before, 5, f"{name} is in the log")
            assert worker.poll() is None, f"{name} ended the worker: {log(folder)[-3000:]}"
            assert consumes(), f"the worker does not consume after {name}: {log(folder)[-3000:]}"
        assert client.hlen("unacked") == 0, "nothing is kept to be taken again"
        for bad in BAD.values():
            client.lpush(QUEUE, raw(bad))
        start(place)
        wait_until(lambda: ended() == 2, 10, "runs are executed")
        wait_until(consumes, 20, "the worker consumes after all of them at once")
        assert worker.poll() is None


def log(folder: Path) -> str:
    return (folder / "process.log").read_text()
