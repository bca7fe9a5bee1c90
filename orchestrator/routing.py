"""Websocket addresses of all rooms, and what lives as long as a web process."""

from runs.live.sockets.lifespan import lifespan
from runs.live.sockets.routing import websocket_urls

__all__ = ["lifespan", "websocket_urls"]
