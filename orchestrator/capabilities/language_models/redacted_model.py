"""The border at which what models say enters a run: nothing that passes shows a key."""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.capabilities.language_models.failures import faulty
from orchestrator.capabilities.language_models.retries import RESTART
from orchestrator.capabilities.redaction import RedactedStream, Redactor
from orchestrator.engine.effects.model import ModelReply, ModelRequest
from orchestrator.engine.errors import ErrorInfo, ModelError
from orchestrator.engine.ports import CallContext, FailedAttempt, LanguageModel
from orchestrator.engine.unforeseen import in_words


class RedactedModel:
    """Asks another model. Replies, live pieces and errors come without the secrets, so log and replay never have them."""

    def __init__(self, inner: LanguageModel, redactor: Redactor) -> None:
        self._inner = inner
        self._redactor = redactor

    async def complete(self, request: ModelRequest, call: CallContext) -> ModelReply:
        live = RedactedStream(self._redactor, call.on_delta)
        try:
            reply = await self._inner.complete(request, self._redacting(call, live))
        except ModelError as error:
            error.info = without_secrets(error.info, self._redactor)
            raise
        except Exception as error:  # noqa: BLE001 - an adapter of an installed package raises what it likes
            raise faulty(request.model, self._redactor.text(in_words(error))) from None
        live.end()
        return ModelReply.model_validate(self._redactor.json(reply.model_dump()))

    def _redacting(self, call: CallContext, live: RedactedStream) -> CallContext:
        def heard(piece: str) -> None:
            if piece == RESTART:
                live.drop()
                call.on_delta(piece)
            else:
                live.take(piece)

        return replace(call, on_delta=heard, on_failed_attempt=_told_without_secrets(call.on_failed_attempt, self._redactor))


def _told_without_secrets(listener: Callable[[FailedAttempt], None], redactor: Redactor) -> Callable[[FailedAttempt], None]:
    return lambda failed: listener(replace(failed, error=without_secrets(failed.error, redactor)))


def without_secrets(info: ErrorInfo, redactor: Redactor) -> ErrorInfo:
    return info.model_copy(update={"message": redactor.text(info.message), "cure": redactor.text(info.cure)})
