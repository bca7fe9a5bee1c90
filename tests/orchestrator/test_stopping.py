"""A process that is told to stop hears of it, whichever of its threads the signal reaches and whatever the main thread is doing."""

import signal
import subprocess
import sys

import pytest

from orchestrator.processes.stopping import Stopping
from tests.runs.services import START_S

REACHES_ANOTHER_THREAD = """
import signal, threading
from orchestrator.processes.stopping import Stopping
stopping = Stopping()
stopping.listen()
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
print("ready", flush=True)
print(stopping.wait(60))
"""

INTERRUPTS_THE_WAIT = """
import os, signal, sys
from orchestrator.processes.stopping import Stopping
stopping = Stopping()
stopping.listen()
places = 0
def look(frame, event, _):  # a signal at every line that the wait executes
    global places
    if event == "line":
        places += 1
        os.kill(os.getpid(), signal.SIGTERM)
    return look
sys.settrace(look)
for _ in range(20):
    stopping.asked = False
    stopping.wait(0.01)
sys.settrace(None)
print(places > 20)
"""


def said(code: str, sign: signal.Signals | None = None) -> str:
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if sign is not None:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(sign)
        try:
            return process.communicate(timeout=START_S)[0].strip()
        finally:
            process.kill()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_another_thread_receives_is_heard(sign: signal.Signals) -> None:
    assert said(REACHES_ANOTHER_THREAD, sign) == "True"


def test_a_signal_may_come_at_any_line_of_the_wait() -> None:
    assert said(INTERRUPTS_THE_WAIT) == "True"


def test_who_is_not_asked_waits_to_the_end() -> None:
    assert Stopping().wait(0.01) is False


def test_who_was_asked_waits_no_more() -> None:
    stopping = Stopping()
    stopping.ask()
    assert stopping.wait(3600) is True
