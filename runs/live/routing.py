"""Websocket addresses of this room."""

from typing import Any

from django.urls import path

from runs.live.run_socket import RunSocket
from runs.live.tenant_socket import TenantSocket

websocket_urls: list[Any] = [
    path("ws/runs/<uuid:run_id>/", RunSocket.as_asgi()),  # type: ignore[arg-type]
    path("ws/live/", TenantSocket.as_asgi()),  # type: ignore[arg-type]
]
