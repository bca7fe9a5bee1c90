"""Named places at which a fault test kills the process. Inert unless BATON_FAILPOINT names one."""

import os
import signal
from typing import Literal

from orchestrator.settings.env import FAILPOINT

Name = Literal[
    "claimed",
    "before_model",
    "model_answered_not_saved",
    "tool_started",
    "tool_answered_not_saved",
    "result_committed_not_advanced",
    "outbox_written_not_sent",
    "approval_saved_not_resumed",
    "run_finalising",
]


def failpoint(name: Name) -> None:
    if name == FAILPOINT:
        os.kill(os.getpid(), signal.SIGKILL)
