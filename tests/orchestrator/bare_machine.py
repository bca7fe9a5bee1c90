"""A machine as it is delivered: Python, make and the basic tools; an ordinary user; a folder with a space in its name."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.runs.services import scratch_folder

ROOT = Path(__file__).resolve().parents[2]
TOOLS = (
    *("basename", "cat", "cp", "dirname", "env", "expand", "false", "grep", "head", "id", "ln", "ls", "make", "mkdir"),
    *("mv", "readlink", "rm", "sed", "sh", "sleep", "sort", "tail", "test", "tr", "true", "uname"),
)
NOT_IN_A_CHECKOUT = shutil.ignore_patterns(".git", ".venv", "node_modules", "dist", "var", "__pycache__", ".*_cache", ".hypothesis")
WAY_TO_THE_NETWORK = ("proxy", "cert", "index_url", "registry")
"""Parts of the names of variables that a machine needs to reach its package registries."""


@dataclass(frozen=True)
class BareMachine:
    """`user` and `group` are -1 where the tests run as an ordinary user themselves."""

    folder: Path
    python: str
    user: int
    group: int

    @property
    def checkout(self) -> Path:
        return self.folder / "my projects" / "baton"

    @property
    def environment(self) -> dict[str, str]:
        reach = {name: value for name, value in os.environ.items() if any(part in name.lower() for part in WAY_TO_THE_NETWORK)}
        downloads = self.downloads
        caches = {"PIP_CACHE_DIR": f"{downloads}/pip", "UV_CACHE_DIR": f"{downloads}/uv", "npm_config_cache": f"{downloads}/npm"}
        return {**reach, **caches, "PATH": str(self.folder / "bin"), "HOME": str(self.folder / "home"), "LANG": "C.UTF-8"}

    @property
    def downloads(self) -> Path:
        """Kept from one test run to the next."""
        return Path(tempfile.gettempdir()) / f"baton-downloads-of-{self.user if self.user >= 0 else os.getuid()}"

    def start(self, *command: str, **options: Any) -> "subprocess.Popen[str]":
        """Start a command as the machine's user, in the checkout."""
        as_user = {"user": self.user, "group": self.group, "extra_groups": []} if self.user >= 0 else {}
        place: dict[str, Any] = {"cwd": self.checkout, "env": self.environment, **as_user}
        return subprocess.Popen(
            [str(self.folder / "bin" / command[0]), *command[1:]], text=True, start_new_session=True, **place, **options
        )

    def run(self, *command: str, seconds: float = 300) -> "subprocess.CompletedProcess[str]":
        process = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output, errors = process.communicate(timeout=seconds)
        return subprocess.CompletedProcess(command, process.returncode, output, errors)


def processes_in(folder: Path) -> list[str]:
    """Command lines of what runs in the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def deliver() -> BareMachine:
    """Set one up."""
    ordinary = pwd.getpwnam("nobody") if os.getuid() == 0 else None
    machine = BareMachine(
        scratch_folder(), fitting_python(ordinary), ordinary.pw_uid if ordinary else -1, ordinary.pw_gid if ordinary else -1
    )
    (machine.folder / "bin").mkdir()
    for name in TOOLS:
        (machine.folder / "bin" / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    python = machine.folder / "bin" / "python3"
    python.write_text(f'#!/bin/sh\nexec "{machine.python}" "$@"\n')
    python.chmod(0o755)
    (machine.folder / "home").mkdir()
    shutil.copytree(ROOT, machine.checkout, ignore=NOT_IN_A_CHECKOUT)
    machine.downloads.mkdir(exist_ok=True)
    if ordinary:
        for path in owned_by_the_user(machine):
            os.chown(path, ordinary.pw_uid, ordinary.pw_gid, follow_symlinks=False)
    return machine


def owned_by_the_user(machine: BareMachine) -> Iterator[Path]:
    yield from (machine.downloads, machine.folder / "home", machine.checkout, *machine.checkout.rglob("*"))


def fitting_python(user: "pwd.struct_passwd | None") -> str:
    """A Python that Baton runs on and that the user may start, the system's first: it is what a fresh machine has."""
    own = getattr(sys, "_base_executable", sys.executable)
    for candidate in (
        "/usr/bin/python3",
        "/usr/local/bin/python3",
        "/usr/bin/python3.12",
        "/usr/bin/python3.13",
        "/usr/bin/python3.11",
        own,
    ):
        test = "import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
        as_user: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        try:
            if subprocess.run([candidate, "-c", test], cwd="/", capture_output=True, check=False, **as_user).returncode == 0:
                return candidate
        except OSError:
            continue
    raise LookupError(
        "No Python from 3.11 to 3.13 with its venv package that an ordinary user may start: install the system's python3-venv"
    )
