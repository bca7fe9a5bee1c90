"""Rows that an earlier build wrote: shown in the present form, and read to the same state."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.log.events import EffectStarted
from orchestrator.engine.log.run_state import fold
from orchestrator.engine.log.upcast import VERSIONS
from runs.log.run_log import load, read_after
from runs.models import Blob, Run, RunEvent
from tenants.isolation.scope import system_scope
from tests.engine.log.test_earlier_logs import EACH, events_of, log_of
from tests.engine.log.whole_state import whole_state
from tests.runs.factories import world


def keep(run: Run, events: list[dict[str, Any]]) -> None:
    rows = [
        RunEvent(tenant_id=run.tenant_id, run=run, seq=event["seq"], type=event["type"], at_us=event["at_us"], payload=json.dumps(event))
        for event in events
    ]
    RunEvent.objects.bulk_create(rows)


@pytest.mark.usefixtures("database")
class TestRows:
    @pytest.fixture(autouse=True)
    def platform(self) -> Any:
        with system_scope():
            yield

    @EACH
    def test_they_are_read_and_shown_as_if_written_today(self, file: Path) -> None:
        run = world().run()
        keep(run, events_of(file))
        assert whole_state(fold(load(run)), load(run)) == whole_state(fold(log_of(file)), log_of(file))
        shown = [json.loads(text) for _, text in read_after(run.pk, 0, 1000)]
        assert [event["v"] for event in shown] == [VERSIONS[event["type"]] for event in shown]
        assert [event["seq"] for event in shown] == list(range(1, len(shown) + 1))

    def test_a_big_message_is_put_back_before_it_is_read(self) -> None:
        run, text = world().run(), "x" * 20_000
        content = json.dumps(text)
        mark = hashlib.sha256(content.encode()).hexdigest()
        Blob.objects.create(tenant_id=run.tenant_id, sha256=mark, content=content)
        said = {"$blob": mark, "size": len(content), "preview": content[:400]}
        request = {"model": "m", "messages": [{"role": "user", "content": said}]}
        about = {"path": "a#1/model.1", "kind": "model", "name": "m", "fingerprint": "f", "request": request}
        started = {"seq": 1, "at_us": 1, "type": "effect_started", **about}
        keep(run, [started])
        [event] = load(run)
        assert isinstance(event, EffectStarted) and event.request == {
            "model": "m",
            "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        }
        [(_, shown)] = read_after(run.pk, 0, 10)
        assert json.loads(shown)["request"]["messages"][0]["content"] == [{"type": "text", "text": said}]
