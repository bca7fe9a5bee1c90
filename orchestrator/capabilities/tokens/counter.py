"""The engine's token counter: OpenAI's tokenisers, which others' come near to, from the files that LiteLLM brings."""

import os
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tiktoken import Encoding

_FOLDER: Final = "litellm/litellm_core_utils/tokenizers/__init__.py"
_OLD: Final = ("gpt-3.5", "gpt-4-", "text-embedding")
"""Models, by the beginnings of their names, of the tokeniser before the present one."""
_AT_ONCE: Final = 20_000
"""Characters. What is longer is counted in pieces: the tokeniser's time grows faster than a text without spaces."""
_SIGNS_PER_TOKEN: Final = 4


class TokenEncodings:
    """Exact for OpenAI's models, near for others. The files come with the installation: nothing is fetched."""

    def count(self, model: str, text: str) -> int:
        if not text:
            return 0
        encoding = _encoding("cl100k_base" if _is_old(model.rpartition("/")[2]) else "o200k_base")
        if encoding is None:
            return -(-len(text) // _SIGNS_PER_TOKEN)
        pieces = (text[start : start + _AT_ONCE] for start in range(0, len(text), _AT_ONCE))
        return sum(len(encoding.encode_ordinary(piece)) for piece in pieces)


def _is_old(name: str) -> bool:
    return name == "gpt-4" or name.startswith(_OLD)


@lru_cache(maxsize=2)
def _encoding(name: str) -> "Encoding | None":
    """None where the files are missing: then four characters are a token."""
    folder = _shipped()
    if folder is None:
        return None
    os.environ["TIKTOKEN_CACHE_DIR"] = folder  # noqa: TID251 - tiktoken reads it from nowhere else, and would fetch the files
    import tiktoken

    return tiktoken.get_encoding(name)


def _shipped() -> str | None:
    try:
        found = [path for path in files("litellm") or () if str(path) == _FOLDER]
    except PackageNotFoundError:
        return None
    return str(Path(found[0].locate()).parent) if found else None


ENCODINGS: Final = TokenEncodings()
