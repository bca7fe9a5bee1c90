"""Kinds of nodes: found once, proper, and complete whoever looks first."""

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.engine.document.node_kind import NodeKind, Params
from orchestrator.engine.document.registry import BadKind, kind_schemas, load_kinds, registered

ROOT = Path(__file__).resolve().parents[3]


class Bare(Params):
    mystery: int = 1


async def nothing(_ctx: object, _params: object) -> dict[str, object]:
    return {}


def test_every_module_of_nodes_is_a_kind_with_a_schema_for_the_browser() -> None:
    modules = {path.stem for path in (ROOT / "orchestrator/engine/nodes").rglob("*.py")} - {"__init__"}
    assert {schema.name for schema in kind_schemas()} == modules == set(load_kinds())


def test_bad_kinds_are_refused() -> None:
    def kind(name: str, title: str, params: type[Params]) -> NodeKind[Params]:
        return NodeKind(name=name, title=title, summary="x", group="data", icon="box", params=params, run=nothing)  # type: ignore[arg-type]

    for bad in (kind("wait", "Again", Params), kind("untitled", "", Params), kind("bare", "Bare", Bare)):
        with pytest.raises(BadKind), registered(bad):
            pass
    with registered(kind("fine", "Fine", Params)):
        assert "fine" in load_kinds()
    assert "fine" not in load_kinds()


def test_threads_that_look_at_once_all_see_every_kind() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from orchestrator.engine.document.registry import load_kinds\n"
        "with ThreadPoolExecutor(16) as pool: print(sorted(set(pool.map(lambda _: len(load_kinds()), range(64)))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"[{len(load_kinds())}]"
