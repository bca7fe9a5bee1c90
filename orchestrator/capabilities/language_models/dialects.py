"""What endpoints do not take, learned from their refusals and remembered, so that only the first call is refused."""

import re
from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final, Literal

from orchestrator.engine.effects.model import ModelRequest
from orchestrator.engine.errors import ErrorCode, ModelError

SchemaWay = Literal["json_schema", "json_object", "prompt"]
"""How an answer by a schema is asked for: enforced by the endpoint, as any JSON, or in words alone."""

_WAYS: Final[tuple[SchemaWay, ...]] = ("json_schema", "json_object", "prompt")
_LIMIT_NAMES: Final = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_REFUSALS: Final = frozenset({400, 404, 422, 500, 501})
"""Statuses with which servers say that they do not know a parameter."""
_NOT_KNOWN = re.compile(
    r"unsupported|(not|n't|only .{0,60}) support|unknown|unrecogni[sz]ed|unexpected|extra|not permitted|not allowed|unavailable|deprecated",
    re.IGNORECASE | re.DOTALL,
)
_FORMAT = re.compile(r"response.?(format|mime)|json.?schema|json.?object|json.?mode|structured.?output|guided|grammar", re.IGNORECASE)
_MOST: Final = 512


@dataclass(frozen=True)
class Dialect:
    """How one model at one endpoint wants to be asked. Each lesson leaves less to leave out, so learning ends."""

    schema: SchemaWay = "json_schema"
    stream_options: bool = True
    temperature: bool = True
    limit_name: str = "max_tokens"
    other_limit_name: bool = False
    """The limit goes by its other name, since the endpoint refused this one."""

    @property
    def limit_field(self) -> str:
        return _LIMIT_NAMES[self.limit_name] if self.other_limit_name else self.limit_name

    def after(self, status: int, said: str, request: ModelRequest, *, stream: bool) -> "Dialect | None":
        """How to ask again after this refusal; None when it blames nothing that can be left out."""
        if status not in _REFUSALS:
            return None
        if stream and self.stream_options and "stream_options" in said:
            return replace(self, stream_options=False)
        if request.output_schema is not None and self.schema != _WAYS[-1] and _FORMAT.search(said):
            return replace(self, schema=_WAYS[_WAYS.index(self.schema) + 1])
        if not _NOT_KNOWN.search(said):
            return None
        if request.temperature is not None and self.temperature and "temperature" in said:
            return replace(self, temperature=False)
        if request.max_output_tokens is not None and not self.other_limit_name and self.limit_name in said:
            return replace(self, other_limit_name=True)
        return None

    def with_lessons_of(self, other: "Dialect") -> "Dialect":
        return replace(
            self,
            schema=max(self.schema, other.schema, key=_WAYS.index),
            stream_options=self.stream_options and other.stream_options,
            temperature=self.temperature and other.temperature,
            other_limit_name=self.other_limit_name or other.other_limit_name,
        )


PLAIN: Final = Dialect()
"""Everything is sent as OpenAI's protocol has it."""


class Simplified(ModelError):
    """The endpoint does not take something of the request: it can be asked again at once, without it."""

    code = ErrorCode.MODEL_BAD_REQUEST
    retryable = True


class Dialects:
    """The dialects of the models that were asked last, by endpoint and model."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Dialect] = OrderedDict()
        self._lock = Lock()

    def of(self, base: str, model: str, default: Dialect) -> Dialect:
        with self._lock:
            return self._known.get((base, model), default)

    def forget(self) -> None:
        with self._lock:
            self._known.clear()

    def learn(self, base: str, model: str, dialect: Dialect) -> None:
        with self._lock:
            self._known[base, model] = dialect.with_lessons_of(self._known.get((base, model), dialect))
            self._known.move_to_end((base, model))
            if len(self._known) > _MOST:
                self._known.popitem(last=False)


DIALECTS: Final = Dialects()
"""Those that this process has learned."""
