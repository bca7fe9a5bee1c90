"""How live frames travel between processes."""

from typing import Any

LIMITS = {"socket_connect_timeout": 2, "socket_timeout": 5}
"""Seconds. Without them a broker that hangs would hold whoever sends for ever."""


def channel_layers(redis_url: str) -> dict[str, Any]:
    """The pubsub layer: the core layer drops bursts and loses its groups when Redis restarts."""
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": redis_url, **LIMITS}], "prefix": "baton"},
        }
    }
