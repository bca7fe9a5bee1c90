"""The shape of the code: what may be imported, how large things may grow, where the environment is read."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("orchestrator", "tenants", "editor", "runs", "client/baton_client")
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
MOST_MODULES = 12
"""In one folder, beside its `__init__`."""
EMPTY_PACKAGES = {"orchestrator", "management", "commands", "settings", "templatetags"}
"""Django finds these by name and imports them early."""
DOORS = {"baton_client"}
"""What programs of others import names from."""
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "misc", "core"}


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from (path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in modules()])
def test_module_and_functions_stay_within_their_size(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in modules() if path.stem in FORBIDDEN_NAMES] == []


def folders() -> Iterator[Path]:
    yield from sorted({path.parent for path in modules()})


@pytest.mark.parametrize("folder", [pytest.param(folder, id=str(folder.relative_to(ROOT))) for folder in folders()])
def test_folder_is_small_and_says_what_it_holds(folder: Path) -> None:
    assert len([path for path in folder.glob("*.py") if path.stem != "__init__"]) <= MOST_MODULES
    if folder.name not in EMPTY_PACKAGES | DOORS:
        [only] = ast.parse((folder / "__init__.py").read_text(encoding="utf-8")).body
        assert isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant) and isinstance(only.value.value, str)


def test_engine_loads_no_framework() -> None:
    forbidden = ["django", "channels", "celery", "kombu", "redis", "rest_framework", "litellm", "httpx", "editor", "runs", "tenants"]
    code = f"import sys, orchestrator.engine, orchestrator.engine.testing; print([n for n in {forbidden!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_orchestrator_package_is_empty() -> None:
    assert (ROOT / "orchestrator" / "__init__.py").read_text(encoding="utf-8") == ""


def test_nothing_but_the_registry_compares_kinds_of_nodes() -> None:
    names = {path.stem for path in (ROOT / "orchestrator/engine/nodes").rglob("*.py") if path.stem != "__init__"}
    guilty = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare) and "kind" in ast.unparse(node.left):
                compared = [part.value for part in node.comparators if isinstance(part, ast.Constant)]
                if names & {value for value in compared if isinstance(value, str)} and "node" in ast.unparse(node.left):
                    guilty.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert guilty == []


def test_one_module_makes_what_holds_values_against_a_schema() -> None:
    """It forbids references that lead outside; the library by itself would read files and ask addresses."""
    makers = [path for path in modules() if "import jsonschema" in path.read_text(encoding="utf-8")]
    assert [path.name for path in makers] == ["json_schema.py"]


def test_lock_files_carry_no_registry_address() -> None:
    locks = [*(ROOT / "requirements").glob("*.txt"), *(ROOT / "static").glob("package-lock.json")]
    assert locks
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "--index-url" not in text and '"resolved"' not in text, lock.name


def test_compromised_releases_are_not_locked() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "litellm==1.82.7" not in lock.read_text(encoding="utf-8")
        assert "litellm==1.82.8" not in lock.read_text(encoding="utf-8")
