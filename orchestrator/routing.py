"""Websocket addresses of all rooms."""

from runs.live.routing import websocket_urls

__all__ = ["websocket_urls"]
