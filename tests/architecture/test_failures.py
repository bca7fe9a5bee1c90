"""A test that fails is told, and the others go on."""

import subprocess
import sys
from pathlib import Path

LAW = """
from hypothesis import given, strategies


@given(strategies.integers())
def test_no_number_is_large(number):
    assert number < 100


def test_others_go_on():
    pass
"""


def test_failing_property_is_told_with_its_example(tmp_path: Path) -> None:
    """Tried with all that tests here load; one of it once made each failing property end the whole run unread."""
    (tmp_path / "test_law.py").write_text(LAW)
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    words = [sys.executable, "-m", "pytest", "-q", "-c", "pyproject.toml", "--rootdir", ".", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "number=100" in done.stdout and "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
