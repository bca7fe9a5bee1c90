"""Says what an answer that is none means."""

import json
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from baton_client.errors import BatonError
from baton_client.json_values import Json

LONGEST_TEXT: Final = 2000


class Passing(Exception):
    """Something that may be over soon; `error` is what to say if it is not. `wait_s` is what the server asks for."""

    def __init__(self, error: BatonError, wait_s: float | None = None) -> None:
        self.error = error
        self.wait_s = wait_s
        super().__init__(error.detail)


def of_trouble(url: str, trouble: httpx.TransportError) -> BatonError:
    """The server was not reached, or stopped in the middle of its answer."""
    if isinstance(trouble, httpx.ConnectError | httpx.ConnectTimeout):
        detail, code = f"Nothing answers at {url}.", "unreachable"
    elif isinstance(trouble, httpx.TimeoutException):
        detail, code = f"{url} takes too long to answer.", "no_answer"
    else:
        detail, code = f"The connection to {url} ended in the middle of an answer.", "cut_answer"
    return BatonError(detail, code=code, cure="Check that Baton runs there and that BATON_URL is its address.")


def is_certificate(trouble: BaseException | None) -> bool:
    """Whether somebody else answers than the address names, or somebody unknown: that does not pass."""
    while trouble is not None and not isinstance(trouble, ssl.SSLCertVerificationError):
        trouble = trouble.__cause__ or trouble.__context__
    return trouble is not None


def bad_certificate(url: str) -> BatonError:
    cure = "Check the address; name the certificate of an authority of your own in SSL_CERT_FILE."
    return BatonError(f"{url} shows a certificate that cannot be trusted.", code="bad_certificate", cure=cure)


def of_response(response: httpx.Response, content: bytes, key: str) -> BatonError:
    """The server's refusal in its own words, with the key taken out of them."""
    status = response.status_code
    if response.is_redirect or response.is_informational:
        cure = "Set BATON_URL to the address that it leads to, if you trust that one with your key."
        return BatonError(f"The server answered {status}: it sends us elsewhere.", code="redirected", cure=cure, status=status)
    problem = _problem(response, content, key)
    code, detail = problem.get("code"), problem.get("detail")
    if not isinstance(code, str) or not isinstance(detail, str):
        cure = "Try again; if it stays, check that the address is Baton's and what stands in between."
        return BatonError(f"The server answered {status}, and not in the way of Baton.", code=f"http_{status}", cure=cure, status=status)
    cure_given, details = problem.get("cure"), problem.get("details")
    return BatonError(
        detail[:LONGEST_TEXT],
        code=code[:100],
        cure=cure_given[:LONGEST_TEXT] if isinstance(cure_given, str) else "",
        status=status,
        details=details if isinstance(details, dict) else {},
    )


def _problem(response: httpx.Response, content: bytes, key: str) -> dict[str, Json]:
    """RFC 9457's members. Empty for anything else."""
    if response.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/problem+json":
        return {}
    try:
        value: Json = json.loads(content.decode().replace(key, "***"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def retry_after_s(text: str) -> float | None:
    """Seconds to wait, from either form of Retry-After; None for nonsense."""
    if text.isascii() and text.isdecimal() and len(text) < 8:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.0)
