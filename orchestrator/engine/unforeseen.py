"""What people are told of an exception that nobody foresaw: its words, without what only concerns this machine."""

import re
import sys
import tempfile
from pathlib import Path
from typing import Final

LONGEST: Final = 500

_PLACES: Final = sorted(
    {str(Path.cwd()), sys.prefix, sys.base_prefix, str(Path.home()), tempfile.gettempdir(), "/etc", "/home", "/lib", "/lib64", "/opt"}
    | {"/private", "/proc", "/root", "/run", "/srv", "/sys", "/tmp", "/usr", "/var"} - {"/"},  # noqa: S108 - only looked for
    key=len,
    reverse=True,
)
_PATH: Final = re.compile(rf"(?<![\w.:/-])(?:{'|'.join(map(re.escape, _PLACES))})(?:/[^\s'\"`,;:()<>\[\]]*)?(?![\w-])")
_BYTES: Final = re.compile(r"\b[bB](?P<quote>['\"])(?P<inner>(?:\\.|(?!(?P=quote)).)*)(?P=quote)")
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_TRACE: Final = re.compile(r"Traceback \(most recent call last\).*", re.DOTALL)


def in_words(error: BaseException) -> str:
    """Kind and words, on one line of at most 500 characters: no paths of this machine, no bytes as Python writes them, no traceback."""
    text = _TRACE.sub("", str(error))
    text = _BYTES.sub(lambda found: f"'{found['inner']}'", text)
    text = _ADDRESS.sub("", _PATH.sub("(a file)", text))
    line = " ".join(text.split())
    return f"{type(error).__name__}: {line}"[:LONGEST] if line else type(error).__name__
