"""How a process of ours learns that it shall stop."""

import signal
import time
from types import FrameType

LOOK_S = 0.1


class Stopping:
    """Asked once, by a signal or by whoever holds it; looked at from any thread.

    A plain flag that is looked at again and again, not an event. A signal's handler runs in the midst of what
    the main thread does, which may be holding that event's lock. And a signal that another thread receives does not
    wake the main thread: its handler runs when the main thread next does something.
    """

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        """From now on SIGINT and SIGTERM ask. Called on the main thread."""
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, self._signalled)

    def ask(self) -> None:
        self.asked = True

    def wait(self, seconds: float) -> bool:
        """Return after so many seconds, or soon after somebody asked: whether somebody did."""
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_S, left))
        return self.asked

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self.ask()
