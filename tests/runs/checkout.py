"""A checkout of the product that was made ready, in a folder of its own: what the README's lines are typed in."""

import os
import re
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

import fresh_checkout
from tests.faults.programs import ROOT
from tests.runs.installation import Installation

STOP_S = 300


@dataclass(frozen=True)
class Checkout:
    """With a shell that is at home in the installation, as nobody yet."""

    folder: Path
    environment: dict[str, str]

    @property
    def bin(self) -> Path:
        return self.folder / ".venv" / "bin"


def make_checkout(folder: Path, installation: Installation) -> Checkout:
    """Its environment borrows this process's packages; the client is linked into it as `make run` does."""
    packages = folder / ".venv" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    packages.mkdir(parents=True)
    (folder / ".venv" / "bin").mkdir()
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", folder / ".venv" / "pyvenv.cfg")
    (packages / "borrowed.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    for name in ("manage.py", "client"):
        (folder / name).symlink_to(ROOT / name)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"ROOT": folder, "VENV": folder / ".venv", "BIN": folder / ".venv" / "bin"}.items():
            patch.setattr(fresh_checkout, name, value)
        fresh_checkout.link_client()
    own = {name: value for name, value in os.environ.items() if name not in ("BATON_URL", "BATON_KEY", "PYTHONPATH")}
    return Checkout(folder, {**own, **installation.environment})


def blocks_of(section: str, language: str = "") -> list[str]:
    """The README's code blocks under a heading, those of one language (without: commands)."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    part = re.split(r"^## ", text.split(f"\n## {section}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return [code for kind, code in re.findall(r"^```(\w*)\n(.*?)^```$", part, flags=re.MULTILINE | re.DOTALL) if kind == language]
