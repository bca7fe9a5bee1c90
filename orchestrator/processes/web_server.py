"""Daphne with a bound on what a slow websocket client can make it keep in memory."""

import sys
from typing import Any

from daphne.cli import CommandLineInterface
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol

BACKLOG_LIMIT = 2 * 1024 * 1024
"""Bytes written and not taken by the client. A client that reads again resyncs by event number."""
TOO_SLOW = 1013


def backlog(protocol: WebSocketProtocol) -> int:
    """Bytes that wait in the transport."""
    transport = protocol.transport
    return len(transport.dataBuffer) - int(transport.offset) + int(transport._tempDataLen)


class BoundedServer(Server):  # type: ignore[misc]
    """Closes a websocket whose client does not read, with 1013."""

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        slow = message["type"] == "websocket.send" and isinstance(protocol, WebSocketProtocol) and backlog(protocol) > BACKLOG_LIMIT
        if not slow:
            await super().handle_reply(protocol, message)
        elif protocol in self.connections and not self.connections[protocol].get("disconnected"):
            protocol.serverClose(code=TOO_SLOW)


class WebServer(CommandLineInterface):  # type: ignore[misc]
    server_class = BoundedServer


if __name__ == "__main__":
    WebServer().run(sys.argv[1:])
