"""Files of a run, over the toolbox: by name, within limits, once for each call."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.capabilities.tools.workspace import workspace
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import ToolBox, ToolCall
from orchestrator.engine.testing import call_context

keys = iter(range(10**9))


async def use(box: ToolBox, tool: str, key: str = "", /, **arguments: Json) -> Any:
    return await box.call(ToolCall(tool=f"workspace_{tool}", arguments=arguments), call_context(idempotency_key=key or f"k{next(keys)}"))


async def refusal(box: ToolBox, tool: str, /, **arguments: Json) -> ToolError:
    with pytest.raises(ToolError) as caught:
        await use(box, tool, **arguments)
    assert caught.value.info.code is ErrorCode.INVALID_INPUT and caught.value.info.cure
    return caught.value


async def test_what_was_written_last_is_read_and_listed() -> None:
    box = toolbox()
    assert await use(box, "list") == []
    first = await use(box, "write", name="b.md", text="one")
    assert first == {"name": "b.md", "version": 1, "size": 3, "sha256": hashlib.sha256(b"one").hexdigest()}
    await use(box, "write", name="b.md", text="two ü")
    await use(box, "write", name="part/a.md", text="")
    assert await use(box, "read", name="b.md") == "two ü" and await use(box, "read", name="part/a.md") == ""
    assert [(file["name"], file["version"], file["size"]) for file in await use(box, "list")] == [("b.md", 2, 6), ("part/a.md", 1, 0)]


async def test_a_write_that_is_made_again_gives_what_it_gave_and_goes_over_nothing() -> None:
    box = toolbox()
    first = await use(box, "write", "one-call", name="a", text="first")
    await use(box, "write", name="a", text="second")
    assert await use(box, "write", "one-call", name="a", text="first") == first
    assert await use(box, "read", name="a") == "second"


async def test_file_that_is_not_there_names_those_that_are() -> None:
    box = toolbox()
    await use(box, "write", name="here.md", text="x")
    error = await refusal(box, "read", name="gone.md")
    assert "no file 'gone.md'" in error.info.message and "here.md" in error.info.cure


OUTSIDE = [
    "",
    ".",
    "..",
    "../x",
    "a/../b",
    "/etc/passwd",
    "a//b",
    "a/",
    ".env",
    "a\\b",
    "a\0",
    "a b",
    "a\nb",
    "C:x",
    "~/x",
    "ü",
    "a" * 101,
    "a/b/c/d/e/f",
]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("tool", ["read", "write"])
async def test_names_that_lead_somewhere_else_are_refused(name: str, tool: str) -> None:
    await refusal(toolbox(), tool, name=name, **({"text": "x"} if tool == "write" else {}))


async def test_limits_of_size_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "MOST_FILES", 2)
    monkeypatch.setattr(workspace, "MOST_BYTES", 500_000)
    monkeypatch.setattr(workspace, "MOST_WRITES", 5)
    box = toolbox()
    assert "at most 200000" in (await refusal(box, "write", name="a", text="ü" * 150_000)).info.message
    await refusal(box, "write", name="a", text="x" * 200_001)
    await use(box, "write", name="a", text="x" * 200_000)
    await use(box, "write", name="b", text="x" * 200_000)
    assert "may have no more" in (await refusal(box, "write", name="c", text="")).info.message
    assert "may write no more" in (await refusal(box, "write", name="b", text="x" * 200_000)).info.message
    for _ in range(3):
        await use(box, "write", name="b", text="")
    assert "written 5 times" in (await refusal(box, "write", name="b", text="")).info.message


async def test_two_runs_have_files_of_their_own() -> None:
    one, other = toolbox(), toolbox()
    await use(one, "write", name="a", text="mine")
    assert await use(other, "list") == []


@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=8))
async def test_any_text_comes_back_as_it_can_be_stored(texts: list[str]) -> None:
    box = toolbox()
    for text in texts:
        await use(box, "write", name="a", text=text)
    if texts:
        assert await use(box, "read", name="a") == texts[-1].replace("\0", "\ufffd")
        assert [file["version"] for file in await use(box, "list")] == [len(texts)]
