"""What a fresh machine may lack is said in one line with its cure."""

import ast
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import bootstrap
import fresh_checkout
from tests.orchestrator.bare_machine import processes_in
from tests.runs.services import START_S

ROOT = Path(__file__).resolve().parents[2]
OLD_PYTHONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10")


@pytest.mark.parametrize(("version", "word"), [((2, 7), "too old"), ((3, 10), "too old"), ((3, 14), "too new")])
def test_python_that_does_not_fit_is_named_with_the_cure(version: tuple[int, int], word: str) -> None:
    said = bootstrap.complaint(version)
    assert f"Python {version[0]}.{version[1]} is {word}; install Python 3.11 to 3.13" in said and "make run PYTHON=" in said


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_python_that_fits_is_taken(version: tuple[int, int]) -> None:
    assert bootstrap.complaint(version) == ""


def test_first_file_can_be_read_by_every_python() -> None:
    """Or an old one would end in a syntax error before it can say what is wrong."""
    source = (ROOT / "bootstrap.py").read_text(encoding="ascii")
    for node in ast.walk(ast.parse(source, feature_version=(3, 4))):
        assert not isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr), ast.unparse(node)
        if isinstance(node, ast.FunctionDef):
            every = [*node.args.args, *node.args.kwonlyargs]
            assert node.returns is None and all(argument.annotation is None for argument in every), node.name


def old_pythons() -> list[Path]:
    """Those on this machine, by name or as pyenv keeps them."""
    named = [shutil.which(f"python{version}") for version in OLD_PYTHONS]
    kept = [path for version in OLD_PYTHONS for path in (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")]
    works = [path for path in [*(Path(name) for name in named if name), *kept] if _starts(path)]
    return sorted(set(works))


def _starts(python: Path) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("target", ["run", "setup"])
def test_every_old_python_of_this_machine_gets_one_line(target: str) -> None:
    for python in old_pythons():
        done = subprocess.run(["make", target, f"PYTHON={python}"], cwd=ROOT, capture_output=True, text=True, timeout=START_S, check=False)
        said = [line for line in done.stderr.splitlines() if not line.startswith("make")]  # make[1] when make runs the tests
        assert done.returncode and len(said) == 1 and "is too old; install Python" in said[0], (python, done.stderr)


@pytest.mark.parametrize(
    ("version", "fits"),
    [((0,), False), ((18, 20, 4), False), ((20, 18, 9), False), ((20, 19, 0), True), ((21, 7, 0), False)]
    + [((22, 11, 0), False), ((22, 12, 0), True), ((24, 0, 0), True)],
)
def test_node_is_taken_where_the_bundler_runs_on_it(version: tuple[int, ...], fits: bool) -> None:
    assert fresh_checkout.fits(version) is fits


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("ERROR: Could not find a version (from versions: none) ... Connection refused", "check the network"),
        ("npm error code EAI_AGAIN getaddrinfo", "check the network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES: hash mismatch", "do not have the locked hashes"),
        ("error: command 'gcc' failed: No such file", "no ready-made build"),
        ("ERROR: No matching distribution found for x", "no ready-made build"),
        ("OSError: [Errno 28] No space left on device", "no space left"),
        ("something new", "something new"),
    ],
)
def test_failed_installation_is_explained(output: str, told: str) -> None:
    assert told in fresh_checkout.explain(output, "the packages")


def checkout_of_nothing(folder: Path) -> Path:
    """One that wants a single small package of each kind."""
    (folder / "requirements").mkdir(parents=True)
    (folder / "static").mkdir()
    for name in ("bootstrap.py", "fresh_checkout.py"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "static" / name, folder / "static" / name)
    lock = "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n"
    for name in ("base", "dev", "node", "installer"):
        (folder / "requirements" / f"{name}.txt").write_text(lock)
    return folder


def test_machine_without_network_gets_one_line_and_no_traceback(tmp_path: Path) -> None:
    """The real command, with registries that nobody answers for. It does not wait for the other registry either."""
    checkout = checkout_of_nothing(tmp_path / "checkout")
    nowhere = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_RETRIES": "1",
        "PIP_NO_CACHE_DIR": "1",
        "npm_config_registry": "http://127.0.0.1:9/",
    }
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "bootstrap.py", "run"], cwd=checkout, env=nowhere, capture_output=True, text=True, timeout=START_S
    )
    assert done.returncode == 1 and time.monotonic() - began < 30
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1 and "check the network" in done.stderr
    assert processes_in(checkout) == []


@pytest.mark.parametrize(
    ("told", "index"),
    [
        (":env:.index-url='https://mirror.example/simple'\nglobal.index-url='https://other.example'", "https://mirror.example/simple"),
        ("global.extra-index-url='file:///opt'\nglobal.index-url='https://other.example'", "https://other.example"),
        ("global.extra-index-url='file:///opt'", None),
        ("", None),
    ],
)
def test_mirror_that_pip_knows_is_used(monkeypatch: pytest.MonkeyPatch, told: str, index: str | None) -> None:
    monkeypatch.setattr(fresh_checkout, "run", lambda *_: subprocess.CompletedProcess([], 0, told, ""))
    assert fresh_checkout.mirror().get("UV_DEFAULT_INDEX") == index


def test_pip_installs_where_uv_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror may lack it, or know a way to the registry that only pip knows."""
    commands: list[list[str]] = []

    def run(command: list[str], *_: object, **__: object) -> "subprocess.CompletedProcess[str]":
        commands.append([str(part) for part in command])
        return subprocess.CompletedProcess(command, 1 if "--target" in command else 0, "", "")

    monkeypatch.setattr(fresh_checkout, "run", run)
    fresh_checkout.install(ROOT / "requirements" / "base.txt", "the Python packages")
    assert commands[-1][1:4] == ["-m", "pip", "install"] and commands[-1][-1].endswith("base.txt")
    assert all("--require-hashes" in command for command in commands)
