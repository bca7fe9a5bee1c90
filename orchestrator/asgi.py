"""The web process: HTTP by Django, websockets behind an origin check."""

import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings.production")  # noqa: TID251 - Django's own way to be told
django.setup(set_prefix=False)

from orchestrator.processes.database_role import end_if_unsafe  # noqa: E402 - needs the apps loaded
from orchestrator.processes.http_threads import ThreadedHandler  # noqa: E402
from orchestrator.processes.origin import OwnOrigin  # noqa: E402
from orchestrator.processes.proxies import OwnProxies  # noqa: E402
from orchestrator.routing import lifespan, websocket_urls  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": OwnProxies(ThreadedHandler()),
        "websocket": OwnProxies(OwnOrigin(URLRouter(websocket_urls))),
        "lifespan": lifespan,
    }
)

end_if_unsafe()
