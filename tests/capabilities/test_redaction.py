"""Secrets are taken out by value, in every form, also where a text comes in pieces."""

import base64
from typing import Any
from urllib.parse import quote

import pytest

from orchestrator.capabilities.language_models.redacted_model import RedactedModel
from orchestrator.capabilities.language_models.retries import RESTART
from orchestrator.capabilities.redaction import REDACTED, RedactedStream, Redactor
from orchestrator.capabilities.tools.redacted_tools import RedactedTools
from orchestrator.engine.effects.model import Message, ModelReply, ModelRequest, Role, ToolRequest, text_parts
from orchestrator.engine.errors import ErrorCode, ModelError, ToolError
from orchestrator.engine.ports import CallContext, FailedAttempt, ToolCall
from orchestrator.engine.testing import MemoryTools, call_context
from tests.capabilities.language_models.asking import request

CANARY = 'sk-can"ary/0123456789+abc'
FORMS = (CANARY, quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode(), CANARY.replace('"', '\\"'))
REDACTOR = Redactor([CANARY])


def shows_it(text: str) -> bool:
    return "0123456789" in text or any(form in text for form in FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_s02_a_key_cut_anywhere_between_pieces_is_not_shown(form: str) -> None:
    """S02, S08"""
    for at in range(len(form) + 1):
        for later in range(at, len(form) + 1, 5):
            heard: list[str] = []
            stream = RedactedStream(REDACTOR, heard.append)
            for piece in ("It is ", form[:at], form[at:later], form[later:], ", I think"):
                stream.take(piece)
            stream.end()
            assert "".join(heard).startswith("It is ") and "".join(heard).endswith(", I think"), (at, later)
            assert REDACTED in "".join(heard) and not shows_it("".join(heard)), (at, later)


def test_what_only_begins_like_a_key_is_passed_on() -> None:
    heard: list[str] = []
    stream = RedactedStream(REDACTOR, heard.append)
    for piece in ("sk-", "can", "not be", " or sk-ca"):
        stream.take(piece)
    stream.end()
    assert "".join(heard) == "sk-cannot be or sk-ca"


def test_ordinary_text_waits_for_nothing() -> None:
    heard: list[str] = []
    stream = RedactedStream(REDACTOR, heard.append)
    stream.take("An ordinary sentence.")
    assert heard == ["An ordinary sentence."]


class Indiscreet:
    """Says the key wherever a model can say something."""

    def __init__(self, failure: Exception | None = None) -> None:
        self._failure = failure

    async def complete(self, wish: ModelRequest, call: CallContext) -> ModelReply:
        error = ModelError(f"Refused {CANARY}", cure=f"Not {CANARY}")
        call.on_delta(CANARY[:9])
        call.on_failed_attempt(FailedAttempt(1, error.info, 0.0))
        call.on_delta(RESTART)
        for piece in ("It is ", CANARY[:9], CANARY[9:], "."):
            call.on_delta(piece)
        if self._failure is not None:
            raise self._failure
        wanted = ToolRequest(id=CANARY, name="look", arguments=f'{{"of": "{FORMS[3]}"}}')
        said = Message(role=Role.ASSISTANT, content=text_parts(f"It is {CANARY}."), reasoning=FORMS[2], tool_requests=(wanted,))
        return ModelReply(message=said, model=wish.model, finish="tools")


async def test_s08_nothing_that_a_model_says_shows_a_key() -> None:
    """S08: text, reasoning, tool calls, live pieces and failed attempts."""
    heard: list[str] = []
    failed: list[FailedAttempt] = []
    reply = await RedactedModel(Indiscreet(), REDACTOR).complete(request("x/y"), call_context(heard.append, failed.append))
    everything = repr(reply) + repr(failed) + "".join(heard)
    assert not shows_it(everything) and everything.count(REDACTED) == 7
    assert reply.message.text == f"It is {REDACTED}." == "".join(heard).rpartition(RESTART)[2]
    assert reply.message.tool_requests[0].arguments == f'{{"of": "{REDACTED}"}}'


@pytest.mark.parametrize("failure", [ModelError(f"No {CANARY}"), ValueError(f"No {CANARY}")], ids=type)
async def test_s08_no_failure_of_a_model_shows_a_key(failure: Exception) -> None:
    """S08: also where an adapter has a fault, which is no internal error of the run."""
    with pytest.raises(ModelError) as caught:
        await RedactedModel(Indiscreet(failure), REDACTOR).complete(request("x/y"), call_context())
    assert not shows_it(caught.value.info.model_dump_json()) and REDACTED in caught.value.info.message
    assert caught.value.info.code is not ErrorCode.INTERNAL and caught.value.__cause__ is None


@pytest.mark.parametrize(
    "given", [CANARY, {FORMS[1]: [FORMS[2], {"deep": f"x{CANARY}"}]}, [CANARY, 7, None, True]], ids=["text", "object", "list"]
)
async def test_s08_nothing_that_a_tool_gives_shows_a_key(given: Any) -> None:
    """S08: names of fields as well."""
    tools = RedactedTools(MemoryTools({"look": lambda _arguments: given}), REDACTOR)
    result = await tools.call(ToolCall(tool="look", arguments={}), call_context())
    assert not shows_it(repr(result)) and REDACTED in repr(result)


async def test_s08_no_failure_of_a_tool_shows_a_key() -> None:
    """S08"""

    def fail(_arguments: Any) -> None:
        raise ToolError(f"The answer was {CANARY}", cure=f"Do not send {CANARY}")

    with pytest.raises(ToolError) as caught:
        await RedactedTools(MemoryTools({"look": fail}), REDACTOR).call(ToolCall(tool="look", arguments={}), call_context())
    assert not shows_it(caught.value.info.model_dump_json())
