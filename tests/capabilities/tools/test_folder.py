"""Files of the operator's own tools: each is taken or skipped with its reason, and none stops another."""

import os
from pathlib import Path

import pytest

from tests.engine.installed_packages import seen

HEAD = "from orchestrator.capabilities.tools.tool import tool\n"
WEATHER = (
    HEAD + '\n@tool\ndef get_weather(location: str) -> str:\n    """Tell the weather at a place."""\n    return f"Sunny in {location}"\n'
)
BROKEN = {
    "no_tool": ("x = 1\n", "BadPlugin: No tool in it. Put @tool before a function."),
    "bad_syntax": ("def\n", "SyntaxError"),
    "cannot_import": ("import nothing_of_that_name\n", "ModuleNotFoundError"),
    "leaves": ("raise SystemExit(3)\n", "SystemExit"),
    "unhinted": (HEAD + '@tool\ndef x(a):\n    """X."""\n', "Argument 'a' of x has no type hint. Write one, such as a: str."),
    "undescribed": (HEAD + "@tool\ndef y(a: int) -> int: return a\n", "Tool 'y' has no title or no description"),
    "same_name": (WEATHER.replace("get_weather", "calculator"), "Two tools are called 'calculator'"),
    "retried": (
        HEAD.replace("\n", "\nfrom orchestrator.capabilities.tools.terms import Retry\n")
        + '@tool(retry=Retry(2))\ndef pay() -> None:\n    """Pay."""\n',
        "is unsafe, so it is never tried again by itself",
    ),
}


def loaded(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The tools in a fresh process, and why files were skipped, by their names."""
    tools, plugins = seen(
        folder,
        f"[load('orchestrator.capabilities.tools.folder').read_tools_from(load('pathlib').Path({str(folder)!r})),"
        " sorted(load('orchestrator.capabilities.tools.registry').shipped_and_added()),"
        " [[one.name, one.package, one.problem] for one in load('orchestrator.engine.plugins').loaded_plugins()]][1:]",
    )
    return tools, {name: f"{package} {problem}" for name, package, problem in plugins}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "tools"
    place.mkdir(mode=0o755)
    return place


def put(folder: Path, name: str, code: str) -> Path:
    path = folder / f"{name}.py"
    path.write_text(code)
    path.chmod(0o644)
    return path


def test_files_are_read_and_broken_ones_are_told_of(folder: Path) -> None:
    put(folder, "weather", WEATHER)
    put(folder, "two", WEATHER.replace("get_weather", "rain") + WEATHER.removeprefix(HEAD).replace("get_weather", "snow"))
    put(folder, "_apart", "raise RuntimeError('never read')\n")
    for name, (code, _) in BROKEN.items():
        put(folder, name, code)
    tools, told = loaded(folder)
    assert {"get_weather", "rain", "snow", "calculator"} <= set(tools) and "_apart" not in told
    assert told["weather"] == "tools/weather.py " and told["two"] == "tools/two.py "
    for name, (_, problem) in BROKEN.items():
        assert problem in told[name], (name, told[name])


def test_hints_that_are_written_as_text_and_classes_of_the_file_are_found(folder: Path) -> None:
    code = "from __future__ import annotations\nfrom dataclasses import dataclass\n" + HEAD
    code += '@dataclass\nclass Place:\n    name: str\n@tool\ndef there(place: Place) -> str:\n    """Go."""\n    return place.name\n'
    put(folder, "there", code)
    tools, told = loaded(folder)
    assert "there" in tools, told


def test_file_that_others_may_write_is_not_run(folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    put(folder, "open", f"open({str(ran)!r}, 'w')\n" + WEATHER).chmod(0o666)
    _, told = loaded(folder)
    assert "Other users of this machine may write to open.py. Run: chmod go-w " in told["open"] and not ran.exists()
    (folder / "open.py").chmod(0o600)
    folder.chmod(0o777)
    assert "may write to tools" in loaded(folder)[1]["open"] and not ran.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_file_of_another_user_is_not_run(folder: Path) -> None:
    os.chown(put(folder, "theirs", WEATHER), 12345, 12345)
    assert "belongs to another user" in loaded(folder)[1]["theirs"]


def test_folder_that_is_not_there_is_no_matter(folder: Path) -> None:
    folder.rmdir()
    folder.mkdir()
    assert "calculator" in loaded(folder)[0]
