"""HTTP requests, through the guarded way out.

Three tools, because what may be done after a crash differs: a read is repeated freely, a request to a
service that honours `Idempotency-Key` is repeated with its key, anything else asks a person.
"""

import json
import re
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from orchestrator.capabilities.egress.client import Fetched, Limits
from orchestrator.capabilities.tools.tool import ToolContext, tool
from orchestrator.engine.effects.tool import Safety
from orchestrator.engine.errors import ErrorCode, ToolError
from orchestrator.engine.ids import Json

_LIMITS: Final = Limits(connect_s=5, read_s=20, total_s=30, max_bytes=240 * 1024)
_ERROR_BYTES: Final = 500
_OURS: Final = frozenset({"host", "content-length", "expect", "idempotency-key"})
_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"})
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""What RFC 9110 calls a token: the only form of a header's name."""
_NOT_IN_VALUES: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SHOWN: Final = frozenset({"content-type", "location", "retry-after", "etag", "last-modified", "link"})

Url = Annotated[str, Field(min_length=8, max_length=4000, description="Full http or https address on the public internet")]
Headers = Annotated[dict[str, str], Field(max_length=30, description="Request headers")]
Body = Annotated[Json, Field(description="Object or list, sent as JSON; or text, sent as it is")]
AcceptErrors = Annotated[bool, Field(description="Take an answer with status 400 or above as a result, not as a failure")]
Writing = Annotated[Literal["POST", "PUT", "PATCH", "DELETE"], Field(description="HTTP method")]


@tool(
    "http_get",
    title="HTTP GET",
    safety=Safety.IDEMPOTENT,
    timeout_s=35,
    family="http",
    example='http_get(url="https://example.com/prices.json")',
    touches="Reads any address on the public internet, as far as the policy lets it; never the server's own network.",
)
async def http_get(
    context: ToolContext,
    *,
    url: Url,
    headers: Headers = {},  # noqa: B006 - read only; it is the default that the schema shows
    method: Annotated[Literal["GET", "HEAD"], Field(description="HTTP method")] = "GET",
    accept_errors: AcceptErrors = False,
) -> Json:
    """Read a web address with GET or HEAD."""
    return await _send(context, method, url, headers, None, accept_errors)


@tool(
    "http_request",
    title="HTTP request",
    safety=Safety.UNSAFE,
    timeout_s=35,
    family="http",
    example='http_request(url="https://example.com/tickets", method="POST", body={"subject": "Hello"})',
    touches="Changes what the address lets it: any on the public internet, as far as the policy allows; never the server's own network.",
)
async def http_request(
    context: ToolContext,
    *,
    url: Url,
    method: Writing = "POST",
    headers: Headers = {},  # noqa: B006 - read only; it is the default that the schema shows
    body: Body = None,
    accept_errors: AcceptErrors = False,
) -> Json:
    """Send data to a web address. If it is ever unknown whether this happened, a person is asked before it is repeated."""
    return await _send(context, method, url, headers, body, accept_errors)


@tool(
    "http_send_once",
    title="HTTP request, safe to repeat",
    safety=Safety.IDEMPOTENT,
    timeout_s=35,
    family="http",
    example='http_send_once(url="https://example.com/payments", body={"amount": 5})',
    touches="Changes what the address lets it: any on the public internet, as far as the policy allows; never the server's own network.",
)
async def http_send_once(
    context: ToolContext,
    *,
    url: Url,
    method: Writing = "POST",
    headers: Headers = {},  # noqa: B006 - read only; it is the default that the schema shows
    body: Body = None,
    accept_errors: AcceptErrors = False,
) -> Json:
    """Send data to a service that recognises a repeated request by its Idempotency-Key header."""
    return await _send(context, method, url, headers, body, accept_errors)


async def _send(context: ToolContext, method: str, url: str, headers: dict[str, str], body: Json, accept_errors: bool) -> Json:
    sent: dict[str, str] = {}
    for name, value in headers.items():
        _require_header(name, value)
        sent[name] = value
    content = None
    if body is not None:
        content = (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()
        if not any(name.lower() == "content-type" for name in sent):
            sent["Content-Type"] = "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"
    if context.idempotency_key:
        sent["Idempotency-Key"] = context.idempotency_key
    answer = await context.egress.fetch(method, url, headers=sent, body=content, limits=_LIMITS)
    if answer.status >= 400 and not accept_errors:
        raise _refused_by(answer)
    return _shown(answer)


def _require_header(name: str, value: str) -> None:
    """Raises ToolError for a header that is none, or that is not a matter of who asks for the request."""
    if not _TOKEN.fullmatch(name):
        raise _wrong(f"{name[:60]!r} is not the name of a header")
    if name.lower() in _OURS | _HOP_BY_HOP or name.lower().startswith("proxy-"):
        raise _wrong(f"The header {name!r} cannot be set")
    if _NOT_IN_VALUES.search(value):
        raise _wrong(f"The header {name!r} has a value with control characters")


def _refused_by(answer: Fetched) -> ToolError:
    """The error that an answer with status 400 or above is."""
    said = answer.body[:_ERROR_BYTES].decode("utf-8", "replace").strip()
    wait = answer.headers.get("retry-after", "")
    return ToolError(
        f"{answer.url} answered {answer.status}{': ' + said if said else ''}",
        cure="Check the address and what was sent, or let accept_errors take such answers as results.",
        retryable=answer.status in (408, 425, 429) or answer.status >= 500,
        retry_after_s=float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 7 else None,
    )


def _shown(answer: Fetched) -> Json:
    text = answer.body.decode("utf-8", "replace")
    content: Any = text
    if "json" in answer.headers.get("content-type", ""):
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            content = text
    headers: dict[str, Json] = {name: value for name, value in answer.headers.items() if name in _SHOWN}
    return {"status": answer.status, "url": answer.url, "headers": headers, "body": content}


def _wrong(message: str) -> ToolError:
    return ToolError(message, code=ErrorCode.INVALID_INPUT, cure="Leave the header out, or give it one line of plain text.")
