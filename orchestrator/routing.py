"""Websocket addresses of all rooms."""

from runs.routing import websocket_urls

__all__ = ["websocket_urls"]
