"""What linters find in Python code."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process, create_subprocess_exec
from pathlib import Path
from typing import Annotated, Any, Final
from weakref import WeakKeyDictionary

from pydantic import Field

from orchestrator.capabilities.tools.shipped.files import text_of
from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

MOST_BYTES: Final = 1_000_000
_ROOT: Final = Path(__file__).resolve().parents[4]
_AT_ONCE: Final = 2
"""In one process; the others wait."""
_WEIGHT: Final = {"error": 0, "high": 0, "medium": 1, "warning": 2, "low": 3}

_turns: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]" = WeakKeyDictionary()


@tool(
    "lint_python",
    title="Lint Python",
    safety=Safety.PURE,
    timeout_s=45,
    example='lint_python(files=["app.py"])',
    touches="Reads the Python files of the graph and of the run. The code is looked at and never run; no settings and no comment in it "
    "switch a rule off.",
)
async def lint_python(
    context: ToolContext,
    *,
    files: Annotated[
        list[str], Field(max_length=50, description="Names of Python files of the run or the graph; all of them when left out")
    ] = [],  # noqa: B006 - read only; it is the default that the schema shows
    limit: Annotated[int, Field(ge=1, le=500, description="Findings at most, the gravest first")] = 100,
) -> Json:
    """Look for faults, likely bugs and security problems in Python files with Ruff and Bandit."""
    texts = await _texts(context, files)
    found = await _findings(list(texts.values()))
    names = {_given(number): name for number, name in enumerate(texts)}
    told: list[dict[str, Any]] = [one | {"file": names[one["file"]]} for one in [*found["ruff"], *found["bandit"]]]
    told.sort(key=lambda one: (_WEIGHT.get(one["severity"], 3), one["file"], one["line"], one["code"]))
    counts: dict[str, Json] = {name: len(found[name]) for name in ("ruff", "bandit")}
    return {"files": list(texts), "findings": told[:limit], "counts": counts, "more": len(told) > limit}  # type: ignore[dict-item]


async def _texts(context: ToolContext, wanted: list[str]) -> dict[str, str]:
    """By name. A file of the run stands before one of the graph."""
    kept = [file.name for file in await context.workspace.list()]
    names = wanted or [name for name in dict.fromkeys([*kept, *sorted(context.files)]) if name.endswith(".py")]
    texts: dict[str, str] = {}
    for name in dict.fromkeys(names):
        own = await context.workspace.read(name) if name in kept else None
        texts[name] = text_of(context.files, name) if own is None else own
    if not texts:
        cure = "Write one with workspace_write, or attach one to the graph."
        raise ToolError("There is no Python file in this run or graph", code=ErrorCode.INVALID_INPUT, cure=cure)
    size = sum(len(text.encode()) for text in texts.values())
    if size > MOST_BYTES:
        raise ToolError(f"The files have {size} bytes together, at most {MOST_BYTES} are looked at", cure="Name fewer files.")
    return texts


def _given(number: int) -> str:
    """The name of a file where it is looked at. Names of people stay outside: some mean something to a linter."""
    return f"f{number}.py"


async def _findings(texts: list[str]) -> dict[str, Any]:
    turns = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
    async with turns:
        with tempfile.TemporaryDirectory(prefix="lint-") as folder:
            for number, text in enumerate(texts):
                (Path(folder) / _given(number)).write_text(text, encoding="utf-8")
            return await _lint(folder)


async def _lint(folder: str) -> dict[str, Any]:
    environment = {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "HOME": folder, "RAYON_NUM_THREADS": "1"}
    command = (sys.executable, "-m", "orchestrator.capabilities.tools.code.linting", folder)
    process = await create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, cwd=folder, env=environment, start_new_session=True
    )
    try:
        output, _ = await process.communicate()
    finally:
        await _end(process)
    if process.returncode:
        raise ToolError("The linters were stopped: the files take too much time or memory", cure="Name fewer or smaller files.")
    found: dict[str, Any] = json.loads(output)
    return found


async def _end(process: Process) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
