"""Websocket addresses of this room."""

from django.urls import URLPattern, path

from runs.consumers import RunSocket, TenantSocket

websocket_urls: list[URLPattern] = [
    path("ws/runs/<uuid:run_id>/", RunSocket.as_asgi()),  # type: ignore[arg-type]
    path("ws/live/", TenantSocket.as_asgi()),  # type: ignore[arg-type]
]
