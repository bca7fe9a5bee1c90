"""The web process: HTTP by Django, websockets by Channels behind an origin check."""

import os

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings.production")  # noqa: TID251 - Django's own way to be told
django.setup(set_prefix=False)

from orchestrator.processes.http_threads import ThreadedHandler  # noqa: E402 - needs the apps loaded
from orchestrator.routing import websocket_urls  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": ThreadedHandler(),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urls))),
    }
)
