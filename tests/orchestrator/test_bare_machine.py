"""The commands of the README on a machine that has Python and make and nothing more."""

import os
import shutil
import signal
import urllib.request
from collections.abc import Iterator

import pytest

from tests.faults.servers import free_port
from tests.orchestrator.bare_machine import BareMachine, deliver, processes_in
from tests.runs.services import START_S, wait_until

pytestmark = pytest.mark.skipif(os.environ.get("REQUIRE_ALL") != "1", reason="installs everything anew: REQUIRE_ALL=1 runs it")


@pytest.fixture(scope="module")
def machine() -> Iterator[BareMachine]:
    delivered = deliver()
    yield delivered
    shutil.rmtree(delivered.folder, ignore_errors=True)


def test_make_run_installs_builds_starts_answers_and_stops(machine: BareMachine) -> None:
    port = free_port()
    output = machine.folder / "output.txt"
    with output.open("w") as file:
        started = machine.start("make", "run", f"PORT={port}", stdout=file, stderr=file)
    try:
        wait_until(lambda: "Ctrl-C stops" in output.read_text() or started.poll() is not None, 300, "make run is ready")
        assert started.poll() is None, output.read_text()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=10) as answer:
            assert answer.status == 200
        asked = f"BATON_URL=http://127.0.0.1:{port} BATON_KEY=wrong .venv/bin/baton graphs"
        assert "(not_signed_in)" in machine.run("sh", "-c", asked).stderr
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGINT)
            started.wait(START_S)
    told = output.read_text()
    assert "Installing Node (this machine has none that fits)" in told
    assert "MB of Python packages" in told and "Stopped." in told and "Traceback" not in told
    assert processes_in(machine.checkout) == []


def test_make_test_passes_and_names_what_is_missing_in_one_line(machine: BareMachine) -> None:
    """The browser code's tests, a part of the engine's, PostgreSQL, and journeys that lack their browser."""
    part = "tests/engine/document tests/engine/nodes tests/runs/test_services.py tests/journeys/test_access.py"
    done = machine.run("make", "test", f"TESTS={part} -q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout and "no Chromium: install the package chromium" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
