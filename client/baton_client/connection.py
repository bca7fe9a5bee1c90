"""Requests to the server: bounded in time and size, repeated where that does no harm, and never carrying the key elsewhere."""

import json
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from baton_client.errors import BatonError, bad_answer
from baton_client.json_values import Json
from baton_client.refusals import Passing, bad_certificate, is_certificate, of_response, of_trouble, retry_after_s

LOG: Final = logging.getLogger("baton_client")
ANSWER_S: Final = 60.0
"""How long one answer may take, from the request to its last byte."""
MOST_BYTES: Final = 64 * 1024 * 1024
FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 5.0


@dataclass(frozen=True)
class Request:
    """`path` follows /api/v1/. `repeatable`: asked twice, it does once what it does."""

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Json] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    kind: str = "application/json"
    """The content type of the answer."""
    content: bytes | None = None
    """Bytes that are sent as they are, in place of a body."""


class Connection:
    """To the server at `url`, as whom `key` belongs to. `patience_s`: how long a request is repeated before it is given up."""

    def __init__(self, url: str, key: str, patience_s: float) -> None:
        self.url = url
        self._key = key
        self._patience_s = patience_s
        headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity", "User-Agent": "baton-client/0.1"}
        limits = httpx.Timeout(30.0, connect=5.0)
        self._http = httpx.Client(headers=headers, timeout=limits, follow_redirects=False)

    def __repr__(self) -> str:
        return f"Connection({self.url!r})"

    def close(self) -> None:
        self._http.close()

    def json(self, request: Request) -> Json:
        """Raises BatonError."""
        content = self.content(request)
        try:
            value: Json = json.loads(content)
        except (ValueError, RecursionError):
            raise bad_answer("The server's answer is not JSON that can be read.") from None
        return value

    def content(self, request: Request) -> bytes:
        """The body of the answer. Raises BatonError."""
        began = time.monotonic()
        attempt = 0
        while True:
            try:
                return self._once(request)
            except Passing as trouble:
                wait_s = _wait_s(trouble, attempt)
                if not request.repeatable or time.monotonic() - began + wait_s > self._patience_s:
                    raise trouble.error from None
                if attempt == 0:
                    LOG.info("%s Trying again for %g s.", trouble.error.detail, self._patience_s)
            time.sleep(wait_s)
            attempt += 1

    def _once(self, request: Request) -> bytes:
        address = f"{self.url}/api/v1/{request.path}"
        body = request.content if request.body is None else json.dumps(request.body).encode()
        kind = "application/json" if request.body is not None else "application/octet-stream"
        headers = {**request.headers, **({} if body is None else {"Content-Type": kind})}
        try:
            with self._http.stream(request.method, address, params=request.params, content=body, headers=headers) as response:
                content = _read(response)
        except httpx.TransportError as trouble:
            if is_certificate(trouble):
                raise bad_certificate(self.url) from None
            raise Passing(of_trouble(self.url, trouble)) from None
        except httpx.InvalidURL:
            raise BatonError("The address cannot be asked.", code="bad_address", cure="Check BATON_URL and the names given.") from None
        if response.is_success:
            if response.headers.get("content-type", "").partition(";")[0].strip().lower() != request.kind:
                raise bad_answer(f"The server's answer is not {request.kind}.", response.status_code)
            return content
        error = of_response(response, content, self._key)
        wait_s = retry_after_s(response.headers.get("retry-after", ""))
        if response.status_code in (502, 503, 504) or (response.status_code == 429 and wait_s is not None):
            raise Passing(error, wait_s)
        raise error


def _wait_s(trouble: Passing, attempt: int) -> float:
    if trouble.wait_s is not None:
        return max(trouble.wait_s, FIRST_WAIT_S)
    return min(FIRST_WAIT_S * 2.0 ** min(attempt, 16), LONGEST_WAIT_S) * random.uniform(0.75, 1.25)  # noqa: S311  # no secret


def _read(response: httpx.Response) -> bytes:
    """The body as it was sent. Compressed ones are refused: what they would become has no bound."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise bad_answer("The server's answer is compressed, though that was not asked for.", response.status_code)
    deadline = time.monotonic() + ANSWER_S
    content = bytearray()
    for part in response.iter_raw():
        content += part
        if len(content) > MOST_BYTES:
            raise bad_answer(f"The server's answer is larger than {MOST_BYTES // 1024**2} MB.", response.status_code)
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("")
    return bytes(content)
