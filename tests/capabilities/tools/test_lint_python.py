"""Linters over real code: what they find, what they do not heed, and where they stop."""

import time
from typing import Any

import pytest

from orchestrator.capabilities.tools.code import lint_python
from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import ToolCall
from orchestrator.engine.testing import call_context

CODE = b"""import os, json
import subprocess


def load(path, seen=[]):
    try:
        data = eval(open(path).read())
    except:
        pass
    subprocess.call("ls " + path, shell=True)
    password = "hunter2"
    return undefined_name
"""


async def lint(shipped: dict[str, bytes], /, **arguments: Json) -> Any:
    return await toolbox(files=shipped).call(ToolCall(tool="lint_python", arguments=arguments), call_context())


def codes(found: Any) -> set[str]:
    return {one["code"] for one in found["findings"]}


async def test_real_findings_of_both_linters_with_their_places_the_gravest_first() -> None:
    found = await lint({"app.py": CODE, "notes.md": b"# x"})
    assert {"F401", "E401", "E722", "B006", "F821", "B307", "B602", "B105"} <= codes(found) and found["files"] == ["app.py"]
    by_code = {one["code"]: one for one in found["findings"]}
    assert (by_code["F821"]["file"], by_code["F821"]["line"], by_code["F821"]["tool"]) == ("app.py", 12, "ruff")
    assert (by_code["B602"]["tool"], by_code["B602"]["severity"], by_code["B602"]["line"]) == ("bandit", "high", 10)
    weights = [one["severity"] for one in found["findings"]]
    assert weights[0] in ("error", "high") and weights[-1] in ("warning", "low") and sum(found["counts"].values()) == len(weights)


async def test_comments_and_settings_switch_nothing_off() -> None:
    code = b"import os  # noqa\nimport pickle  # nosec\n# ruff: noqa\npickle.loads(b'')  # nosec\n"
    settings = {
        "ruff.toml": b'lint.ignore = ["ALL"]',
        "pyproject.toml": b'[tool.ruff]\nexclude = ["*"]',
        ".bandit": b"[bandit]\nskips: B301\n",
    }
    found = await lint({"app.py": code, **settings})
    assert {"F401", "B301"} <= codes(found)


async def test_code_is_never_run(tmp_path: Any) -> None:
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w')\n".encode()
    await lint({"conftest.py": code, "setup.py": code, "ruff.py": code, "bandit.py": code, "json.py": code, "sitecustomize.py": code})
    assert not mark.exists()


async def test_code_that_is_no_python_is_a_finding() -> None:
    found = await lint({"broken.py": b"def (:\n", "fine.py": b"x = 1\n"})
    assert {(one["file"], one["severity"]) for one in found["findings"]} == {("broken.py", "error")}


async def test_clean_code_has_no_findings() -> None:
    assert (await lint({"fine.py": b'"""Fine."""\n\nx = 1\n'}))["findings"] == []


async def test_files_of_the_run_stand_before_those_of_the_graph() -> None:
    box = toolbox(files={"app.py": b"x = 1\n"})
    await box.call(ToolCall(tool="workspace_write", arguments={"name": "app.py", "text": "import os\n"}), call_context(idempotency_key="w"))
    found: Any = await box.call(ToolCall(tool="lint_python", arguments={"files": ["app.py"]}), call_context())
    assert codes(found) == {"F401"}


@pytest.mark.parametrize("files", [["gone.py"], ["../app.py"], ["/etc/passwd"]])
async def test_file_that_is_not_there_is_refused(files: list[Json]) -> None:
    with pytest.raises(ToolError) as caught:
        await lint({"app.py": CODE}, files=files)
    assert caught.value.info.code is ErrorCode.INVALID_INPUT and "app.py" in caught.value.info.cure


async def test_without_any_file_it_says_how_to_give_one() -> None:
    with pytest.raises(ToolError, match="no Python file"):
        await lint({"notes.md": b"x"})


HOSTILE = {
    "nested": b"x = " + b"(" * 20_000 + b")" * 20_000,
    "long": b"x = '" + b"a" * 900_000 + b"'\n",
    "operators": b"x = " + b"-" * 100_000 + b"1\n",
    "many": b"import os\n" * 20_000,
    "nul": b"x = 1\0\n",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_code_ends_in_findings_or_an_error_within_the_limit(name: str) -> None:
    began = time.monotonic()
    try:
        found = await lint({"x.py": HOSTILE[name]}, limit=5)
        assert len(found["findings"]) <= 5
    except ToolError as error:
        assert error.info.cure
    assert time.monotonic() - began < 50


async def test_too_much_code_is_refused_before_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint_python, "MOST_BYTES", 100)
    with pytest.raises(ToolError, match="at most 100 are looked at"):
        await lint({"app.py": CODE})
