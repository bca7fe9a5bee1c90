"""The border at which what tools give enters a run: nothing that passes shows a key."""

from orchestrator.capabilities.redaction import Redactor
from orchestrator.engine.effects.tool import ToolSpec
from orchestrator.engine.errors import ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.json_text import clean_json
from orchestrator.engine.ports import CallContext, ToolBox, ToolCall


class RedactedTools:
    """Calls another toolbox's tools. Results and errors come without the secrets."""

    def __init__(self, inner: ToolBox, redactor: Redactor) -> None:
        self._inner = inner
        self._redactor = redactor

    def spec(self, name: str) -> ToolSpec | None:
        return self._inner.spec(name)

    async def call(self, wanted: ToolCall, call: CallContext) -> Json:
        try:
            result = await self._inner.call(wanted, call)
        except ToolError as error:
            shown = {"message": self._redactor.text(error.info.message), "cure": self._redactor.text(error.info.cure)}
            error.info = error.info.model_copy(update=shown)
            raise
        return self._redactor.json(clean_json(result))
