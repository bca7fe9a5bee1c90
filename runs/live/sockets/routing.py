"""Websocket addresses of this room."""

from typing import Any

from django.urls import path, re_path

from runs.live.sockets.live_socket import Receive, Scope, Send
from runs.live.sockets.run_socket import RunSocket
from runs.live.sockets.tenant_socket import TenantSocket


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse what is no address of ours."""
    await receive()
    await send({"type": "websocket.close"})


websocket_urls: list[Any] = [
    path("ws/runs/<uuid:run_id>/", RunSocket.application),  # type: ignore[arg-type]
    path("ws/live/", TenantSocket.application),  # type: ignore[arg-type]
    re_path("", nowhere),  # type: ignore[arg-type]
]
