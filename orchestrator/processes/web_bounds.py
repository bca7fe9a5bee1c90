"""What one connection may take of the web server: how long a request may come in, how large it may be, how many frames a socket sends."""

import time
from typing import Any

from daphne.ws_protocol import WebSocketProtocol
from twisted.web.http import HTTPChannel

from orchestrator.settings.env import LARGEST_FILES

HEADERS_S = 10.0
REQUEST_S = 60.0
"""From the first byte of a request to its last."""
LARGEST_REQUEST = 16 * 1024 * 1024
"""Of the body. What Django takes is less; this is what the server keeps on disk before Django is asked."""
UPLOADS = b"/api/v1/files/"
UPLOAD_S = 300.0
LARGEST_UPLOAD = 2 * max(LARGEST_FILES.values())
"""A file that is too large is refused in words as long as it is not larger than this."""
LARGEST_FRAME = 256 * 1024
"""That a socket sends to us. The library's own limit binds what we send as well."""
FRAME_BURST, FRAMES_PER_S = 60, 10.0
"""Of a socket, pings and pieces of messages among them."""
TOO_MANY_FRAMES = 4429


Channel: Any = HTTPChannel
"""Its own types do not say what may be called and overridden."""


class BoundedChannel(Channel):  # type: ignore[misc]
    """One HTTP connection, on which no request comes in for longer, or larger, than it may."""

    def __init__(self) -> None:
        super().__init__()
        self._deadline: Any = None
        self._received = 0
        self._most = LARGEST_REQUEST

    def dataReceived(self, data: bytes) -> None:
        if self._deadline is None and not self._handlingRequest:
            self._let_come_in(HEADERS_S)
        super().dataReceived(data)

    def allHeadersReceived(self) -> None:
        self._received = 0
        is_upload = self._path.startswith(UPLOADS)
        self._most = LARGEST_UPLOAD if is_upload else LARGEST_REQUEST
        self._let_come_in(UPLOAD_S if is_upload else REQUEST_S)
        if (self.length or 0) > self._most:
            self._refuse(b"413 Content Too Large")
        else:
            super().allHeadersReceived()

    def rawDataReceived(self, data: bytes) -> None:
        if not self._handlingRequest:
            self._received += len(data)
            if self._received > self._most:
                self._refuse(b"413 Content Too Large")
                return
        super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        self._stop_waiting()
        super().allContentReceived()

    def connectionLost(self, reason: Any) -> None:
        self._stop_waiting()
        super().connectionLost(reason)

    def _let_come_in(self, seconds: float) -> None:
        self._stop_waiting()
        self._deadline = self.callLater(seconds, self._refuse, b"408 Request Timeout")

    def _stop_waiting(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None

    def _refuse(self, status: bytes) -> None:
        """Nothing more is read from this client, and whatever it does not take of the answer is thrown away."""
        self._stop_waiting()
        self.dataReceived = self.lineReceived = self.rawDataReceived = lambda *_: None  # type: ignore[method-assign]
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        self.loseConnection()
        self.callLater(1.0, self.forceAbortClient)


class BoundedSocket(WebSocketProtocol):  # type: ignore[misc]
    """A websocket that may send so many frames and no more; one that floods is closed, and read no further."""

    def onConnect(self, request: Any) -> Any:
        self._credit, self._credited_at = float(FRAME_BURST), time.monotonic()
        return super().onConnect(request)

    def onFrameBegin(self) -> None:
        now = time.monotonic()
        self._credit = min(FRAME_BURST, self._credit + (now - self._credited_at) * FRAMES_PER_S) - 1
        self._credited_at = now
        if (self._credit < 0 or self.current_frame.length > LARGEST_FRAME) and self.state == self.STATE_OPEN:
            self.sendClose(TOO_MANY_FRAMES, "You send too much at once.")
            self.transport.pauseProducing()
        super().onFrameBegin()
