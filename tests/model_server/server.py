"""The server itself: `/v1/chat/completions`, `/sink` for side effects and `/control` for tests in other processes."""

import asyncio
import gzip
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.model_server import anthropic, gemini
from tests.model_server.obedience import obeyed
from tests.model_server.reply import Reply, reply_for
from tests.model_server.streams import drop, send


@dataclass(frozen=True)
class Recorded:
    """A model request as it arrived."""

    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    url: str = ""

    @property
    def key(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class SinkEntry:
    """A side effect that really happened."""

    key: str
    body: Any
    at: float


@dataclass
class ModelServer:
    """Runs on a thread of its own, so that sync tests and other processes can use it too."""

    host: str = "127.0.0.1"
    port: int = 0
    requests: list[Recorded] = field(default_factory=list)
    sink: list[SinkEntry] = field(default_factory=list)
    in_flight: int = 0
    peak: int = 0
    refuses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By model: fields of requests, and types of `response_format`, that are answered with 400."""
    pages: dict[str, str] = field(default_factory=dict)
    _scripts: dict[str, deque[Reply]] = field(default_factory=lambda: defaultdict(deque))
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def base(self) -> str:
        """What OPENAI_API_BASE is set to."""
        return f"{self.url}/v1"

    def script(self, *replies: Reply, model: str = "*") -> None:
        """Answer the next requests (of `model`, or of any) with these, in order."""
        self._scripts[model].extend(replies)

    def reset(self) -> None:
        self.requests.clear()
        self.sink.clear()
        self._scripts.clear()
        self.refuses.clear()
        self.pages.clear()
        self.peak = 0

    def start(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name="model-server", daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("The test model server did not start")
        return self

    def stop(self) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self, ready: threading.Event) -> None:
        loop = asyncio.new_event_loop()
        self._loop = loop
        runner = web.AppRunner(self.app(), shutdown_timeout=0.1)
        loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, self.host, self.port)
        loop.run_until_complete(site.start())
        self.port = runner.addresses[0][1]
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        stalled = asyncio.all_tasks(loop)  # answers that were told to stall for ever
        for task in stalled:
            task.cancel()
        if stalled:
            loop.run_until_complete(asyncio.wait(stalled))
        loop.close()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/v1/messages", self._message)
        app.router.add_post("/v1/embeddings", self._embed)
        app.router.add_post("/v1beta/models/{model}", self._generate)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/sink", self._take)
        app.router.add_get("/sink", self._show_sink)
        app.router.add_get("/page", self._page)
        app.router.add_post("/control/script", self._control_script)
        app.router.add_post("/control/reset", self._control_reset)
        app.router.add_get("/control/requests", self._control_requests)
        return app

    async def _message(self, request: web.Request) -> web.StreamResponse:
        """Anthropic's protocol."""
        body = await request.json()
        reply = self._scripted(request, body, body["model"], "x-api-key")
        if reply.status != 200:
            return _refusal(request, reply, anthropic.error(reply.status, reply.text or f"The server answers {reply.status}"))
        if body.get("stream"):
            said, end = anthropic.frames(body["model"], reply), anthropic.tail(reply)
            return await _told(request, reply, said, end, anthropic.frame, anthropic.OVERLOADED)
        return await _told_at_once(request, reply, anthropic.whole(body["model"], reply))

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        """Gemini's protocol."""
        body = await request.json()
        model, _, way = request.match_info["model"].partition(":")
        reply = self._scripted(request, body, model, "x-goog-api-key")
        if reply.status != 200:
            return _refusal(request, reply, gemini.error(reply.status, reply.text or f"The server answers {reply.status}"))
        if way == "streamGenerateContent":
            said, end = gemini.frames(model, reply), gemini.tail(model, reply)
            return await _told(request, reply, said, end, gemini.frame, gemini.error(503, "The model is overloaded."))
        return await _told_at_once(request, reply, gemini.whole(model, reply))

    def _scripted(self, request: web.Request, body: dict[str, Any], model: str, key: str) -> Reply:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = headers | {"authorization": f"Bearer {headers.get(key, '')}"}
        self.requests.append(Recorded(seen, body, time.time(), str(request.url)))
        replies = self._scripts.get(model) or self._scripts.get("*")
        return replies.popleft() if replies else Reply(text="Hello")

    async def _embed(self, request: web.Request) -> web.StreamResponse:
        """Vectors of OpenAI's protocol: made of the letters of each text; scripted by `body` or `status` of a reply."""
        body = await request.json()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Recorded(headers, body, time.time(), str(request.url)))
        replies = self._scripts.get(body.get("model", ""))
        reply = replies.popleft() if replies else Reply()
        if reply.status != 200:
            return _refusal(request, reply)
        if reply.fault == "html":
            return _html()
        data = [{"index": index, "object": "embedding", "embedding": _letters(text)} for index, text in enumerate(body["input"])]
        usage = {"prompt_tokens": sum(len(text.split()) for text in body["input"])}
        return web.json_response({"data": data[::-1], "model": body["model"], "usage": usage} if reply.body is None else reply.body)

    async def _models(self, _request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "gpt-x", "object": "model"}]})

    async def _take(self, request: web.Request) -> web.Response:
        text = await request.text()
        entry = SinkEntry(request.headers.get("Idempotency-Key", ""), _parsed(text), time.time())
        self.sink.append(entry)
        wait = float(request.query.get("latency_s", "0"))
        await asyncio.sleep(wait)
        return web.json_response({"taken": len(self.sink), "key": entry.key}, status=int(request.query.get("status", "200")))

    async def _page(self, request: web.Request) -> web.Response:
        """A page of the web, with whatever its author wrote: `self.pages` by name."""
        return web.Response(text=self.pages[request.query["name"]], status=int(request.query.get("status", "200")))

    async def _show_sink(self, _request: web.Request) -> web.Response:
        return web.json_response([{"key": entry.key, "body": entry.body, "at": entry.at} for entry in self.sink])

    async def _control_script(self, request: web.Request) -> web.Response:
        wish = await request.json()
        self.script(*(Reply.model_validate(reply) for reply in wish["replies"]), model=wish.get("model", "*"))
        return web.json_response({})

    async def _control_reset(self, _request: web.Request) -> web.Response:
        self.reset()
        return web.json_response({})

    async def _control_requests(self, _request: web.Request) -> web.Response:
        return web.json_response([{"headers": seen.headers, "body": seen.body, "at": seen.at} for seen in self.requests])

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Recorded(headers, body, time.time()))
        sent = {*body, (body.get("response_format") or {}).get("type")}
        for name in self.refuses.get(body.get("model", ""), ()):
            if name in sent:
                return _refusal(request, Reply(status=400, text=f"Unsupported parameter: '{name}' is not supported with this model."))
        scripted = self._scripts.get(body.get("model", "")) or self._scripts.get("*")
        reply = scripted.popleft() if scripted else obeyed(body) if body.get("model") == "obeys" else reply_for(body)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            if reply.latency_s:
                await asyncio.sleep(reply.latency_s)
            return await self._answer(request, body, reply)
        finally:
            self.in_flight -= 1

    async def _answer(self, request: web.Request, body: dict[str, Any], reply: Reply) -> web.StreamResponse:
        if reply.status != 200:
            return _refusal(request, reply)
        if reply.fault == "html":
            return _html()
        if body.get("stream") and reply.gzip:
            return _packed(_stream_text(body, reply), "text/event-stream")
        if body.get("stream"):
            return await _stream(request, body, reply)
        if reply.fault == "stall":
            await asyncio.sleep(3600)
        if reply.fault in ("drop_connection", "cut"):
            drop(request)
        text = json.dumps(_whole(body, reply))
        if reply.fault == "truncated_json":
            text = text[: len(text) // 2]
        if reply.gzip:
            return _packed(text, "application/json")
        return web.Response(text=text, content_type="application/json")


def _letters(text: str) -> list[float]:
    """How often each letter occurs, and one so that it is never all zeros."""
    return [1.0, *(float(text.lower().count(chr(ord("a") + number))) for number in range(26))]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _refusal(request: web.Request, reply: Reply, body: dict[str, Any] | None = None) -> web.Response:
    message = f"The server answers {reply.status}"
    if reply.fault == "echo_key":
        message = f"Incorrect API key provided: {request.headers.get('Authorization', '').removeprefix('Bearer ')}"
    told = {"Retry-After": reply.retry_after, "Location": reply.location}
    headers = {name: value for name, value in told.items() if value is not None}
    error = {"message": reply.text or message, "type": "error", "param": None, "code": str(reply.status)}
    said = body if body is not None and reply.body is None else reply.body
    return web.json_response({"error": error} if said is None else said, status=reply.status, headers=headers)


async def _told(
    request: web.Request,
    reply: Reply,
    said: Iterable[str],
    end: Iterable[str],
    frame: Callable[[dict[str, Any]], str],
    error: dict[str, Any],
) -> web.StreamResponse:
    """A stream of another protocol than OpenAI's."""
    if reply.fault == "html":
        return _html()
    if reply.body is not None:
        said, end = [], [frame(reply.body)]
    return await send(request, reply, said, end, frame(error))


async def _told_at_once(request: web.Request, reply: Reply, whole: dict[str, Any]) -> web.StreamResponse:
    if reply.fault == "html":
        return _html()
    if reply.fault == "stall":
        await asyncio.sleep(3600)
    if reply.fault in ("drop_connection", "cut"):
        drop(request)
    text = json.dumps(whole if reply.body is None else reply.body)
    return web.Response(text=text[: len(text) // 2] if reply.fault == "truncated_json" else text, content_type="application/json")


def _html() -> web.Response:
    return web.Response(text="<html><body><h1>Bad gateway</h1></body></html>", content_type="text/html")


def _usage(body: dict[str, Any], reply: Reply) -> Any:
    if reply.usage is not True:
        return reply.usage
    asked = sum(len(str(message.get("content") or "").split()) for message in body["messages"])
    told = len(reply.text.split()) + len(reply.tools)
    return {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told, "prompt_tokens_details": {"cached_tokens": 0}}


def _wish(index: int, name: str, arguments: str) -> dict[str, Any]:
    return {"id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": arguments}}


def _whole(body: dict[str, Any], reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = reply.message or {"role": "assistant", "content": reply.text or None}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    if reply.tools:
        message["tool_calls"] = [_wish(index, wish.name, wish.arguments) for index, wish in enumerate(reply.tools)]
    choices = [] if reply.fault == "empty_choices" else [{"index": 0, "message": message, "finish_reason": reply.finish_reason}]
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": choices}
    return whole | ({"usage": _usage(body, reply)} if reply.usage is not False else {})


def _pieces(reply: Reply) -> list[str]:
    words = reply.text.split(" ")
    size = max(1, len(words) // reply.chunks) if reply.chunks else 1
    parts = [" ".join(words[start : start + size]) for start in range(0, len(words), size)]
    return [part + (" " if index < len(parts) - 1 else "") for index, part in enumerate(parts)] if reply.text else []


def _deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    if reply.deltas is not None or reply.message is not None:
        yield from reply.deltas if reply.deltas is not None else [reply.message or {}]
        return
    if reply.reasoning:
        yield {"reasoning_content": reply.reasoning}
    for piece in _pieces(reply):
        yield {"content": piece}
    for index, wish in enumerate(reply.tools):
        half = len(wish.arguments) // 2
        yield {"tool_calls": [{"index": index, **_wish(index, wish.name, "")}]}
        for part in (wish.arguments[:half], wish.arguments[half:]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _chunk(body: dict[str, Any], choices: list[dict[str, Any]], **more: Any) -> str:
    return json.dumps(
        {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": choices, **more}
    )


def _stream_text(body: dict[str, Any], reply: Reply) -> str:
    """A whole stream at once."""
    chunks = [_chunk(body, [{"index": 0, "delta": delta, "finish_reason": None}]) for delta in _deltas(reply)]
    chunks.append(_chunk(body, [{"index": 0, "delta": {}, "finish_reason": reply.finish_reason}], usage=_usage(body, reply)))
    return "".join(f"data: {chunk}\n\n" for chunk in (*chunks, "[DONE]"))


def _packed(text: str, content_type: str) -> web.Response:
    return web.Response(body=gzip.compress(text.encode()), content_type=content_type, headers={"Content-Encoding": "gzip"})


async def _stream(request: web.Request, body: dict[str, Any], reply: Reply) -> web.StreamResponse:
    empty = reply.fault == "empty_choices"
    said = (_chunk(body, [{"index": 0, "delta": delta, "finish_reason": None}]) for delta in _deltas(reply) if not empty)
    end = [] if empty else [_chunk(body, [{"index": 0, "delta": {}, "finish_reason": reply.finish_reason}])]
    if reply.usage is not False and (body.get("stream_options") or {}).get("include_usage"):
        end.append(_chunk(body, [], usage=_usage(body, reply)))
    if reply.fault != "no_done":
        end.append("[DONE]")
    error = json.dumps({"error": {"message": "The server is overloaded", "type": "server_error", "code": "overloaded"}})
    return await send(request, reply, map(_frame, said), map(_frame, end), _frame(error))


def _frame(data: str) -> str:
    return f"data: {data}\n\n"
