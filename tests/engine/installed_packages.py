"""Packages that extend Baton, as pip would leave them in a folder, and a process that sees them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def install(folder: Path, name: str, code: str, entries: dict[str, dict[str, str]]) -> None:
    """`entries`: by group the entry points, name to object."""
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    info = folder / f"{name}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n", encoding="utf-8")
    lines: list[str] = []
    for group, points in entries.items():
        lines += [f"[{group}]", *(f"{key} = {name}:{value}" for key, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def seen(folder: Path, expression: str) -> Any:
    """The value of a Python expression, as JSON, in a fresh process with the packages of `folder`."""
    code = f"import json; from importlib import import_module as load; print(json.dumps({expression}))"
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
