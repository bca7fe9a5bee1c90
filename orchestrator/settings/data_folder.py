"""The data folder and the database in it are for one user of the machine: modes 0700 and 0600."""

import os
import stat
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

OURS = {"baton.sqlite3", "signing.key"}
"""What shows that a folder is a data folder, so that its mode may be changed."""

OTHERS = 0o077
"""The rights of everybody but the owner."""


def private_folder(path: Path) -> None:
    """Make the folder, or narrow what others may do with it and with all that is in it.

    Raises ImproperlyConfigured for a folder of another user, and for an open one that is not ours.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.stat()
    if found.st_uid != os.getuid():
        raise ImproperlyConfigured(
            f"The data folder {path} belongs to user {found.st_uid}, and this process runs as user {os.getuid()}. "
            f"Set BATON_DATA to a folder of its own, or run: chown -R {os.getuid()} '{path}'"
        )
    if found.st_mode & OTHERS:
        if found.st_mode & stat.S_ISVTX or not _may_be_narrowed(path):
            raise ImproperlyConfigured(
                f"Others can enter the data folder {path}: its mode is {stat.S_IMODE(found.st_mode):04o}, not 0700. "
                f"Set BATON_DATA to a folder of its own, or run: chmod 700 '{path}'"
            )
        path.chmod(0o700)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            _narrow(Path(folder, name))


def _narrow(path: Path) -> None:
    """Take the rights of others from a file, a socket or a folder. Links are left alone: they lead to what is not ours."""
    try:
        found = path.lstat()
        if found.st_mode & OTHERS and not stat.S_ISLNK(found.st_mode):
            path.chmod(found.st_mode & 0o700)
    except FileNotFoundError:
        return  # the log of a database goes whenever the last connection does
    except PermissionError:
        raise ImproperlyConfigured(f"Others can read {path}, and it belongs to another user. Run: chmod go= '{path}'") from None


def _may_be_narrowed(path: Path) -> bool:
    """Whether nobody else can rely on the folder: it is empty, or a data folder already."""
    names = {entry.name for entry in path.iterdir()}
    return not names or bool(names & OURS)


def private_database(name: str) -> None:
    """Make the SQLite file before SQLite does, which would let others read it. Its log and index take its mode.

    A file that cannot be made is left to SQLite, which says why.
    """
    if not name or name.startswith((":", "file:")):
        return
    try:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        for ending in ("", "-wal", "-shm", "-journal"):
            _narrow(Path(name + ending))
    except OSError:
        return
