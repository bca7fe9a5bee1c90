"""The key that wraps every tenant's data key: a file of its own, never beside the database."""

import base64
import os
import secrets
from functools import cache
from pathlib import Path

from django.conf import settings

from tenants.problems import ApiProblem

KEY_BYTES = 32


class MasterKeyUnusable(ApiProblem):
    """The master key cannot be used."""

    code = "master_key_unusable"
    status = 503
    cure = "Put the original master key back; without it stored keys are lost."


@cache
def master_key() -> bytes:
    """The key in `BATON_MASTER_KEY_FILE`, made on first use."""
    return read_or_make(settings.MASTER_KEY_PLACE["file"], settings.MASTER_KEY_PLACE["never_in"])


def read_or_make(path: Path, data_dir: Path) -> bytes:
    if path.resolve().is_relative_to(data_dir.resolve()):
        raise MasterKeyUnusable(
            f"The master key {path} lies in the data folder {data_dir}.",
            cure="Set BATON_MASTER_KEY_FILE to a place that is not copied with the data.",
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(key))
    return key


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise MasterKeyUnusable(f"Others can read the master key {path}.", cure=f"Run: chmod 600 {path}")
    try:
        key = base64.b64decode(path.read_bytes(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyUnusable(f"{path} does not hold a master key.")
    return key
