"""What this room keeps up for as long as a web process lives."""

from runs.live.sockets.live_socket import Receive, Scope, Send
from runs.live.sockets.switchboard import switchboard


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI's lifespan: the first socket finds the subscription there."""
    await receive()
    switchboard()
    await send({"type": "lifespan.startup.complete"})
    await receive()
