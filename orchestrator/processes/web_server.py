"""Daphne as this product needs it.

What a slow websocket client can make it keep in memory is bounded, its application is told when the server
starts (ASGI's lifespan, which Daphne does not know), and nothing that ends a websocket ends in a traceback.
"""

import asyncio
import sys
import time
from typing import Any

from daphne.cli import CommandLineInterface
from daphne.http_protocol import HTTPFactory
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
from twisted.internet import reactor

from orchestrator.processes.web_bounds import BoundedChannel, BoundedSocket

BACKLOG_LIMIT = 2 * 1024 * 1024
"""Bytes written and not taken by the client."""
PATIENCE_S = 3.0
"""How long a client beyond that limit may take nothing. One that reads again later resyncs by event number."""
LOOK_S = 0.01
TOO_SLOW = 4408


def backlog(protocol: WebSocketProtocol) -> int:
    """Bytes that wait in the transport."""
    transport = protocol.transport
    return len(transport.dataBuffer) - int(transport.offset) + int(transport._tempDataLen)


class BoundedServer(Server):  # type: ignore[misc]
    """Lets applications wait for slow websocket clients, and closes those that take nothing any more."""

    def run(self) -> None:
        self.proxy_forwarded_address_header = None  # it would believe anybody; `OwnProxies` asks who says it
        HTTPFactory.protocol, WebSocketFactory.protocol = BoundedChannel, BoundedSocket  # Daphne makes the factories itself
        reactor.callWhenRunning(self._begin_life)
        super().run()

    def _begin_life(self) -> None:
        """Tell the application, on the loop on which it will live, that the server has started."""
        told: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        told.put_nowait({"type": "lifespan.startup"})

        async def ignore(_message: dict[str, Any]) -> None:
            """Requests may come before it is ready."""

        self._life = asyncio.ensure_future(self.application({"type": "lifespan", "asgi": {"version": "3.0"}}, told.get, ignore))

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        if not isinstance(protocol, WebSocketProtocol) or protocol.state == protocol.STATE_CONNECTING:
            await super().handle_reply(protocol, message)
        elif message["type"] == "websocket.close":
            protocol.sendClose(message.get("code", 1000), message.get("reason"))
        elif await self._takes(protocol):
            await super().handle_reply(protocol, message)

    async def _takes(self, protocol: WebSocketProtocol) -> bool:
        """Wait until the client has taken enough of what it was sent; False when it is gone, or closed for taking nothing."""
        least, since = backlog(protocol), time.monotonic()
        while protocol.state == protocol.STATE_OPEN:
            waiting = backlog(protocol)
            if waiting <= BACKLOG_LIMIT:
                return True
            if waiting < least:
                least, since = waiting, time.monotonic()
            elif time.monotonic() - since > PATIENCE_S:
                protocol.sendClose(TOO_SLOW, "You do not read what you are sent.")
            await asyncio.sleep(LOOK_S)
        return False


class WebServer(CommandLineInterface):  # type: ignore[misc]
    server_class = BoundedServer


if __name__ == "__main__":
    sys.setswitchinterval(0.001)
    WebServer().run(sys.argv[1:])
