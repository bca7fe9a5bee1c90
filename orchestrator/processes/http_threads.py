"""Django's HTTP handler on threads that stay.

Its own handler makes a thread for each request, and a thread's first query makes a database
connection: here every thread keeps its connection, and there are as many as threads. It also
goes to the loop and back between the middlewares and a view; ours are all synchronous, so a
request goes to its thread once.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from orchestrator.processes.turns import REFUSED_S, Turns, sender_of

THREADS = 8
"""Requests that are worked on at once. A request is whole before it gets here, so slow senders take no place."""


class ThreadedHandler(ASGIHandler):
    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)
        self._turns = Turns()
        self._free: asyncio.LifoQueue[ThreadPoolExecutor] = asyncio.LifoQueue()
        for number in range(THREADS):
            self._free.put_nowait(ThreadPoolExecutor(1, thread_name_prefix=f"http-{number}"))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with self._turns.turn(sender_of(scope)):
            thread = await self._free.get()
            try:
                async with ThreadSensitiveContext(executor=thread):
                    await super().__call__(scope, receive, send)
            finally:
                self._free.put_nowait(thread)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        response, seconds = await sync_to_async(self._timed_response)(request)
        membership = getattr(request, "membership", None)
        if membership is not None:
            held = REFUSED_S if response.status_code == 503 else seconds
            self._turns.charge(sender_of(request.scope), str(membership.tenant_id), held)  # type: ignore[attr-defined]
        return response

    def _timed_response(self, request: HttpRequest) -> tuple[HttpResponseBase, float]:
        began = time.thread_time()
        return self.get_response(request), time.thread_time() - began
