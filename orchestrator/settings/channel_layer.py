"""How live frames travel between processes."""

from typing import Any


def channel_layers(redis_url: str) -> dict[str, Any]:
    """The pubsub layer: the core layer drops bursts and loses its groups when Redis restarts."""
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [redis_url], "prefix": "baton"},
        }
    }
