"""The `baton` command as a shell starts it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.client.conftest import KEY

ROOT = Path(__file__).resolve().parents[2]


def started(*words: str, url: str, key: str = KEY, env: Mapping[str, str] | None = None, **options: Any) -> Any:
    """A Popen, of texts unless `text` says otherwise."""
    own = {"BATON_URL": url, "BATON_KEY": key, "PYTHONPATH": str(ROOT / "client"), "TZ": "UTC", **(env or {})}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    command = [sys.executable, "-P", "-m", "baton_client", *words]
    return subprocess.Popen(command, env={**os.environ, **own}, **{"text": True, **pipes, **options})


def baton(*words: str, url: str, key: str = KEY, given: str = "", **options: Any) -> "subprocess.CompletedProcess[str]":
    """What came of it. No word of it may be a traceback or the key."""
    process = started(*words, url=url, key=key, **options)
    output, errors = process.communicate(given, timeout=60)
    assert "Traceback" not in errors and (not key or key not in (output or "") + errors), errors
    return subprocess.CompletedProcess(words, process.returncode, output, errors)
