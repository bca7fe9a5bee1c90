"""How answers are sent piece by piece, and how that goes wrong."""

import asyncio
from collections.abc import Iterable

from aiohttp import web

from tests.model_server.reply import Reply


def drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def send(request: web.Request, reply: Reply, frames: Iterable[str], tail: Iterable[str], error: str) -> web.StreamResponse:
    """Send what is said and then its end. `error` is how this server says in the middle of a stream that it failed."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    for number, frame in enumerate(frames):
        if number == reply.fault_after and await _breaks(request, response, reply, error):
            return response
        await response.write(frame.encode())
        if reply.chunk_s:
            await asyncio.sleep(reply.chunk_s)
    if await _breaks(request, response, reply, error):
        return response
    for frame in tail:
        await response.write(frame.encode())
    await response.write_eof()
    return response


async def _breaks(request: web.Request, response: web.StreamResponse, reply: Reply, error: str) -> bool:
    """Go wrong in the middle of a stream; true when there is nothing more to send."""
    match reply.fault:
        case "cut":
            await response.write_eof()
        case "drop_connection":
            drop(request)
        case "truncated_json":
            await response.write(b'data: {"id": "chatcmpl-1", "choices": [{"index": 0, "del\n\n')
            await response.write_eof()
        case "error_chunk":
            await response.write(error.encode())
            await response.write_eof()
        case "stall":
            await asyncio.sleep(3600)
        case _:
            return False
    return True
