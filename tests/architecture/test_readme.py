"""What the README says is what the code does."""

import re
from pathlib import Path

from orchestrator.engine.log.status import run_transitions

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_drawn_run_states_are_the_allowed_transitions() -> None:
    drawn = re.findall(r"^    (\w+) --> (\w+)", README, flags=re.MULTILINE)
    assert sorted(drawn) == sorted((str(old), str(new)) for old, new in run_transitions())


def test_every_room_is_named() -> None:
    for room in ("orchestrator/engine", "editor", "runs", "tenants", "client", "static", "templates", "tests"):
        assert f"`{room}`" in README


def test_every_test_that_is_named_as_a_proof_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", README))
    here = Path(__file__).resolve().parents[1]
    written = {name for path in here.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))}
    assert len(named) > 10 and named <= written, named - written
