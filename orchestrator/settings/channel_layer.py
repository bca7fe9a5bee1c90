"""How live frames travel between processes."""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from redis.asyncio.connection import AbstractConnection

LIMITS = {"socket_connect_timeout": 2, "socket_timeout": 5}
"""Seconds. Without them a broker that hangs would hold whoever sends for ever."""

_made: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()


async def _connect(connection: AbstractConnection) -> None:
    """In place of what a connection does as it is made, so that it is counted."""
    await connection.on_connect()
    _made[asyncio.get_running_loop()] = connections_made() + 1


def connections_made() -> int:
    """How many connections to the broker the layer has made on the running loop. The layer itself tells nobody that it made a new one."""
    return _made.get(asyncio.get_running_loop(), 0)


def channel_layers(redis_url: str) -> dict[str, Any]:
    """The pubsub layer: the core layer drops bursts and loses its groups when Redis restarts."""
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": redis_url, "redis_connect_func": _connect, **LIMITS}], "prefix": "baton"},
        }
    }
