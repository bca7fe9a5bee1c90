#!/usr/bin/env python3
"""Makes a fresh checkout ready: Python packages, Node, browser code. Standard library only.

Every step says what it does; every step that is done already costs nothing. What cannot be
done is said in one line with its cure.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STATIC = ROOT / "static"
OLDEST, NEWEST = (3, 11), (3, 13)
OLDEST_NODE = 20


class Unready(Exception):
    """Something this machine lacks; the text is the line to show."""


def main(purpose: str) -> int:
    """`purpose`: run (what the product needs) or develop (that, and what tests and checks need)."""
    try:
        check_python()
        make_venv()
        install("base" if purpose == "run" else "dev")
        build_browser_code()
    except Unready as problem:
        print(f"baton: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def check_python() -> None:
    found = sys.version_info[:2]
    if not OLDEST <= found <= NEWEST:
        wanted = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
        age = "old" if found < OLDEST else "new"
        raise Unready(f"Python {found[0]}.{found[1]} is too {age}; install Python {wanted} and run make PYTHON=python3.12")


def make_venv() -> None:
    if (BIN / "python").exists():
        return
    with step("Making .venv"):
        made = run([sys.executable, "-m", "venv", str(VENV)])
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            raise Unready("Python cannot make virtual environments here; install its venv package (Debian: apt install python3-venv)")


def install(name: str) -> None:
    """Install exactly what `requirements/<name>.txt` locks, by hash."""
    lock = ROOT / "requirements" / f"{name}.txt"
    stamp = VENV / ".installed"
    wanted = {digest_of([lock]), digest_of([ROOT / "requirements" / "dev.txt"])}
    if stamp.exists() and stamp.read_text() in wanted:
        return
    with step(f"Installing {count(lock)} Python packages"):
        arguments = ["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", "--require-hashes", "--only-binary=:all:"]
        done = run([str(BIN / "python"), *arguments, "-r", str(lock)])
        if done.returncode:
            raise Unready(explain(done.stdout + done.stderr, "the Python packages"))
        stamp.write_text(digest_of([lock]))


def build_browser_code() -> None:
    if not (STATIC / "package.json").exists():
        return
    sources = [STATIC / "package-lock.json", STATIC / "vite.config.ts", *sorted((STATIC / "src").rglob("*"))]
    wanted = digest_of(path for path in sources if path.is_file())
    stamp = STATIC / "dist" / ".built"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    environment = node_environment()
    lock = digest_of([STATIC / "package-lock.json"])
    installed = STATIC / "node_modules" / ".installed"
    if not (installed.exists() and installed.read_text() == lock):
        with step("Installing browser packages"):
            done = run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], STATIC, environment)
            if done.returncode:
                raise Unready(explain(done.stderr, "the browser packages"))
            installed.write_text(lock)
    with step("Building the browser code"):
        done = run(["npm", "run", "--silent", "build"], STATIC, environment)
        if done.returncode:
            raise Unready(f"the browser code does not build:\n{done.stdout}{done.stderr}")
        stamp.write_text(wanted)


def node_environment() -> dict[str, str]:
    """An environment in which `npm` is found: this machine's, or a Node that comes as a Python wheel."""
    environment = dict(os.environ)
    if node_version("node") >= OLDEST_NODE and shutil.which("npm"):
        return environment
    if not (BIN / "node").exists():
        with step(f"Installing Node (this machine has none from {OLDEST_NODE} on)"):
            lock = ROOT / "requirements" / "node.txt"
            done = run([str(BIN / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)])
            if done.returncode:
                raise Unready(explain(done.stderr, "Node"))
    environment["PATH"] = f"{BIN}{os.pathsep}{environment.get('PATH', '')}"
    return environment


def node_version(node: str) -> int:
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        return int(text.strip().lstrip("v").split(".")[0])
    except (OSError, subprocess.CalledProcessError, ValueError):
        return 0


def explain(output: str, what: str) -> str:
    """The likely cause of a failed installation, in one line."""
    text = output.lower()
    if any(
        sign in text for sign in ("connection", "network", "resolve", "timed out", "enotfound", "econnrefused", "eai_again", "unreachable")
    ):
        return f"{what} cannot be fetched: no way to the package registry; check the network or your proxy settings, then try again"
    if "hash" in text and "match" in text:
        return f"{what} do not have the locked hashes; do not go on, and check where they come from"
    if any(sign in text for sign in ("no matching distribution", "only-binary", "gcc", "compiler")):
        return (
            f"{what} have no ready-made build for this Python or machine; use Python 3.11 to 3.13 on Linux (glibc 2.28 or newer) or macOS"
        )
    if "no space left" in text:
        return f"{what} do not fit: no space left on this disk"
    return f"{what} cannot be installed:\n{output.strip()[-2000:]}"


class step:
    """Says what is done, and how long it took."""

    def __init__(self, title: str) -> None:
        self.title = title

    def __enter__(self) -> None:
        self.began = time.monotonic()
        print(f"  {self.title} ...", end="", flush=True)

    def __exit__(self, kind: object, *_: object) -> None:
        print(" failed" if kind else f" {time.monotonic() - self.began:.1f} s", flush=True)


def run(command: list[str], folder: Path = ROOT, environment: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def count(lock: Path) -> int:
    return sum(line[:1].isalnum() for line in lock.read_text(encoding="utf-8").splitlines())


def digest_of(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(path.name.encode())
        found.update(path.read_bytes())
    return found.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
