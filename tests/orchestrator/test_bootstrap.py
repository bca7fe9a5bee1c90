"""What a fresh machine may lack is said in one line with its cure."""

import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap
from bootstrap import Unready

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("version", "word"), [((3, 10, 0), "too old"), ((3, 14, 0), "too new")])
def test_python_that_does_not_fit_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], word: str) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(Unready, match=f"{word}.*make PYTHON="):
        bootstrap.check_python()


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
    assert told in bootstrap.explain(output, "the packages")


def test_machine_without_network_gets_one_line_and_no_traceback(tmp_path: Path) -> None:
    """The real command, with a registry that nobody answers for."""
    checkout = tmp_path / "checkout"
    (checkout / "requirements").mkdir(parents=True)
    (checkout / "bootstrap.py").write_bytes((ROOT / "bootstrap.py").read_bytes())
    lock = "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n"
    for name in ("base", "dev"):
        (checkout / "requirements" / f"{name}.txt").write_text(lock)
    nowhere = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_RETRIES": "1",
        "PIP_NO_CACHE_DIR": "1",
    }
    done = subprocess.run([sys.executable, "bootstrap.py", "run"], cwd=checkout, env=nowhere, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1 and "check the network" in done.stderr
