"""Provider failures in Baton's words: a code, whether trying again makes sense, and a cure."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isnan
from typing import Any, Final

from orchestrator.capabilities.egress.errors import EgressFailed
from orchestrator.capabilities.redaction import redacted
from orchestrator.engine.effects.model import ModelRequest
from orchestrator.engine.errors import ErrorCode, ModelError

_SHOWN: Final = 300
LONGEST_WAIT_S: Final = 86_400.0
"""A provider that asks for a longer wait than a day is understood as asking for a day."""
_NO_MODEL = re.compile(
    r"model.{0,80}(not found|does not exist|not exist|unknown|not available)|unknown model|no such model", re.IGNORECASE | re.DOTALL
)


_NO_CREDIT = re.compile(
    r"insufficient.{0,20}(quota|credit|balance|fund)|credit balance|exceeded your current quota|billing.{0,20}(limit|hard)|out of credit",
    re.IGNORECASE | re.DOTALL,
)
_DELAY: Final = re.compile(r'"retryDelay"\s*:\s*"(\d{1,9}(?:\.\d{1,9})?)s"')


def refusal(
    status: int, body: str, headers: Mapping[str, str], *, model: str, host: str = "", secrets: Iterable[str] = (), waited_s: float = 0.0
) -> ModelError:
    """The error that a status and its body stand for."""
    said = redacted(message_in(body), secrets)[:_SHOWN]
    told = f": {said}" if said else ""
    delay = _retry_delay(body) if status == 429 else None
    if status == 402 or (status in (400, 403, 429) and delay is None and _NO_CREDIT.search(body)):
        return ModelError(
            f"The account at the provider of {model} has no credit left ({status}){told}",
            code=ErrorCode.MODEL_NO_CREDIT,
            cure="Add credit at the provider, or choose another model.",
            retryable=False,
        )
    if status in (401, 403) or (status == 400 and "API_KEY_INVALID" in body):
        return ModelError(
            f"The provider of {model} refused the key ({status}){told}",
            code=ErrorCode.MODEL_AUTH,
            cure="Check the provider's key under Settings, or the key in the server's environment.",
            retryable=False,
        )
    if status == 429:
        return ModelError(
            f"The provider of {model} has a rate limit{told}",
            code=ErrorCode.MODEL_RATE_LIMITED,
            cure="Wait, lower the concurrency, or ask the provider for a higher limit.",
            retryable=True,
            retry_after_s=delay if delay is not None else retry_after(headers),
        )
    if status == 408 or status == 504:
        return timed_out(model, host, waited_s)
    if status >= 500:
        return ModelError(
            f"The provider of {model} has a problem ({status}){told}",
            code=ErrorCode.MODEL_UNAVAILABLE,
            cure="Usually over in a moment; otherwise see the provider's status page, or choose another model.",
            retryable=True,
            retry_after_s=retry_after(headers),
        )
    if status == 404 or _NO_MODEL.search(said):
        return unknown(model, said)
    return ModelError(
        f"The provider of {model} did not accept the request ({status}){told}",
        code=ErrorCode.MODEL_BAD_REQUEST,
        cure="Change the agent as the message says: its instructions, tools, output schema, temperature or token limit.",
        retryable=False,
    )


def unknown(model: str, said: str = "") -> ModelError:
    return ModelError(
        f"There is no model {model!r}" + (f": {said}" if said else ""),
        code=ErrorCode.MODEL_UNKNOWN,
        cure="Choose a model from the list, or write it as provider/model, such as openai/gpt-5-mini.",
        retryable=False,
    )


def unlisted(model: str, provider: str) -> ModelError:
    return ModelError(
        f"{provider!r} in {model!r} is no provider that can be asked",
        code=ErrorCode.MODEL_UNKNOWN,
        cure="Choose a model from the list. A server that speaks OpenAI's protocol is asked as openai/..., "
        "with its address in OPENAI_API_BASE in the server's environment.",
        retryable=False,
    )


def timed_out(model: str, host: str = "", waited_s: float = 0.0) -> ModelError:
    """`host` is who was waited for, as far as that is known, and `waited_s` how long."""
    return ModelError(
        f"{model}{f' at {host}' if host else ''} did not answer {f'within {waited_s:g} s' if waited_s else 'in time'}",
        code=ErrorCode.MODEL_TIMEOUT,
        cure="Try again, raise the agent's max_call_seconds, or ask for less.",
        retryable=True,
    )


def too_patient(error: ModelError, patience_s: float) -> ModelError:
    """The error of a provider that asks for a longer wait than a run is held up for."""
    wait = error.info.retry_after_s or 0.0
    told = f"{error.info.message}. It asks to be left alone for {wait:g} s; a run waits {patience_s:g} s at most."
    longer = ModelError.of(error.info.model_copy(update={"message": told}))
    longer.usage = error.usage
    return longer


def unreachable(model: str, reason: str, cure: str = "") -> ModelError:
    return ModelError(
        f"The provider of {model} cannot be reached: {reason}"[:_SHOWN],
        code=ErrorCode.MODEL_UNAVAILABLE,
        cure=cure or "Check the network and the provider's address.",
        retryable=True,
    )


def failed_on_the_way(error: EgressFailed, request: ModelRequest, host: str, secrets: Iterable[str]) -> ModelError:
    """The request was allowed, and no answer or not all of one came."""
    match error.kind:
        case "timeout":
            return timed_out(request.model, host, request.timeout_s)
        case "bad_response":
            return cut(request.model)
        case "too_large" | "encoding":
            return bad_reply(request.model, f"something that cannot be read: {error.message}", may_pass=False)
        case _:
            return unreachable(request.model, redacted(error.message, secrets), error.cure)


def not_asked(model: str, reason: str) -> ModelError:
    """The library that asks the provider does not even try."""
    return ModelError(
        f"{model} was not asked: {reason}"[:_SHOWN],
        code=ErrorCode.MODEL_BAD_REQUEST,
        cure="Change the agent as the message says, or choose another model.",
        retryable=False,
    )


def bad_reply(model: str, what: str, *, may_pass: bool = True) -> ModelError:
    """`may_pass` is false for what a server does every time: asking again would only cost again."""
    cure = "Usually over in a moment; otherwise check" if may_pass else "Check"
    return ModelError(
        f"{model} answered with {what}",
        code=ErrorCode.MODEL_BAD_REPLY,
        cure=f"{cure} that the address is an endpoint of this provider, or an OpenAI-compatible one.",
        retryable=may_pass,
    )


def moved(model: str, host: str, to: str) -> ModelError:
    return ModelError(
        f"{host} redirects calls of {model} to {to}; neither the key nor the prompt was sent there",
        code=ErrorCode.MODEL_BAD_REQUEST,
        cure="Give the final address as the provider's address.",
        retryable=False,
    )


def faulty(model: str, what: str) -> ModelError:
    """An adapter has a fault of its own."""
    return ModelError(
        f"{model} could not be asked: {what}"[:_SHOWN],
        code=ErrorCode.MODEL_UNAVAILABLE,
        cure="Report this to whoever made what answers for this provider, or choose another model.",
        retryable=False,
    )


def cut(model: str, word: str = "") -> ModelError:
    """`word` is what the server itself called that, where it did."""
    return ModelError(
        f"The answer of {model} broke off before its end{f' ({word})' if word else ''}",
        code=ErrorCode.MODEL_STREAM_CUT,
        cure="Try again; nothing of the partial answer was used.",
        retryable=True,
    )


def no_key(model: str, provider: str, variable: str) -> ModelError:
    return ModelError(
        f"There is no key for {provider}, which {model} needs",
        code=ErrorCode.MODEL_AUTH,
        cure=f"Add the key under Settings, set {variable} in the server's environment and lend it "
        "to this workspace with BATON_LEND_KEYS, or choose demo/assistant, which needs none.",
        retryable=False,
    )


def message_in(body: str) -> str:
    """The sentence in a provider's error body; nothing of an HTML page."""
    try:
        data: Any = json.loads(body)
    except ValueError:
        return "" if body.lstrip().startswith("<") else body.strip()
    for step in ("error", "message"):
        if isinstance(data, list) and data:
            data = data[0]
        if isinstance(data, dict):
            data = data.get(step, data.get("detail", data))
    return data if isinstance(data, str) else json.dumps(data)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `Retry-After` in either of its forms; None for nonsense."""
    value = headers.get("retry-after") or headers.get("Retry-After") or ""
    seconds = _number(headers.get("retry-after-ms") or "", 1000)
    seconds = _number(value) if seconds is None else seconds
    seconds = _until(value) if seconds is None else seconds
    return None if seconds is None else min(max(0.0, seconds), LONGEST_WAIT_S)


def _retry_delay(body: str) -> float | None:
    """Seconds to wait as Google's services say it, in the body: `"retryDelay": "34.5s"`. Limits by the minute speak of a quota, too."""
    told = _DELAY.search(body)
    return min(float(told[1]), LONGEST_WAIT_S) if told else None


def _number(text: str, per_second: int = 1) -> float | None:
    try:
        number = float(text) / per_second
    except ValueError:
        return None
    return None if isnan(number) else number


def _until(date: str) -> float | None:
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
