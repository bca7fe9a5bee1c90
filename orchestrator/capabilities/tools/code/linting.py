"""Ruff and Bandit over the Python files of one folder, within limits. Started as a process of its own; prints JSON.

`python -m orchestrator.capabilities.tools.code.linting FOLDER`
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

RULES: Final = "E4,E7,E9,F,W,B,C4,C90,PERF,RET,SIM"
"""What Ruff looks for: faults, likely bugs, and what is more complicated than it need be. Security is Bandit's."""
SYNTAX: Final = "invalid-syntax"
CPU_S: Final = 20
MEMORY_BYTES: Final = 2 * 1024**3
LARGEST_OUTPUT: Final = 8 * 1024**2


def main(folder: Path) -> None:
    _limit()
    files = sorted(path.name for path in folder.glob("*.py"))
    json.dump({"ruff": _ruff(folder, files), "bandit": _bandit(folder, files)}, sys.stdout)


def _limit() -> None:
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_OUTPUT, LARGEST_OUTPUT))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _ruff(folder: Path, files: list[str]) -> list[dict[str, Any]]:
    """Neither a settings file nor a comment in the code says what is not looked at."""
    command = ["ruff", "check", "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero", "--output-format", "json", "--select", RULES]
    return [
        {
            "tool": "ruff",
            "code": one["code"] or SYNTAX,
            "file": Path(one["filename"]).name,
            "line": one["location"]["row"],
            "message": one["message"],
            "severity": "error" if (one["code"] or SYNTAX).startswith(("E9", "F", SYNTAX)) else "warning",
        }
        for one in json.loads(_output(folder, [*command, *files]))
    ]


def _bandit(folder: Path, files: list[str]) -> list[dict[str, Any]]:
    found = json.loads(_output(folder, ["bandit", "--quiet", "--ignore-nosec", "--exit-zero", "--format", "json", *files]))
    return [
        {
            "tool": "bandit",
            "code": one["test_id"],
            "file": Path(one["filename"]).name,
            "line": one["line_number"],
            "message": one["issue_text"],
            "severity": str(one["issue_severity"]).lower(),
        }
        for one in found["results"]
    ]


def _output(folder: Path, command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own commands, over names that we gave
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
