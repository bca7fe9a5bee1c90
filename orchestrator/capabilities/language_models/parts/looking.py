"""The demo model looks at files: it measures what can be measured, reads what can be read, and claims to see nothing else."""

from base64 import b64encode

from orchestrator.capabilities.evaluation.shared import evaluator_for
from orchestrator.capabilities.language_models.parts.shown import words_shown
from orchestrator.capabilities.media.documents import has_words
from orchestrator.capabilities.media.pictures import looked_at
from orchestrator.capabilities.media.reading import MEDIA_LIMITS
from orchestrator.capabilities.media.sounds import length_s
from orchestrator.engine.document.files.modality import Modality, modality_of
from orchestrator.engine.effects.model import FilePart, Message, ModelRequest, Part, Role, TextPart
from orchestrator.engine.errors import EngineError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import CallContext, Content

_LINES = 3
_LONGEST_LINE = 160


async def looked(request: ModelRequest, call: CallContext) -> tuple[ModelRequest, str]:
    """The request with its documents written out, and what can be said of the files that were shown last."""
    messages: list[Message] = []
    said: list[str] = []
    for message in request.messages:
        if message.role is Role.USER and message.files:
            said = []
        parts: list[Part] = []
        for part in message.content:
            if isinstance(part, FilePart):
                told, words = await _look(part, call)
                said.append(told)
                parts.append(TextPart(type="text", text=f"\n{words or told}"))
            else:
                parts.append(part)
        messages.append(message.model_copy(update={"content": tuple(parts)}) if message.files else message)
    return request.model_copy(update={"messages": tuple(messages)}), "\n".join(said)


async def _look(file: FilePart, call: CallContext) -> tuple[str, str]:
    """What is said of a file, and its words if it has any."""
    try:
        content = await call.files.content(file)
        begins, words = await _found(file, content, call)
    except EngineError as error:
        return f"{file.name} could not be looked at: {error.info.message}", ""
    at = "" if file.at_s is None else f" at {file.at_s:g} s"
    return f"{file.name}{at}: {content.media_type}, {len(content.data)} bytes{begins}", words


async def _found(file: FilePart, content: Content, call: CallContext) -> tuple[str, str]:
    if modality_of(content.media_type) is Modality.IMAGE:
        return _seen(await evaluator_for(call.tenant).ask(looked_at, _base64(content), limits=MEDIA_LIMITS)), ""
    if has_words(content.media_type):
        words = await words_shown(file, content, call)
        lines = [line.strip()[:_LONGEST_LINE] for line in words.split("\n")[1:] if line.strip()]
        return f". It begins: {' / '.join(lines[:_LINES])}", words
    seconds = length_s(content.data)
    return ("" if seconds is None else f", {seconds:.1f} s long"), ""


def _seen(found: Json) -> str:
    assert isinstance(found, dict)
    colours = found["colours"]
    assert isinstance(colours, list)
    named = [f"{entry[0]} {float(str(entry[1])):.0%}" for entry in colours if isinstance(entry, list)]
    frames = f", {found['frames']} frames" if found["frames"] != 1 else ""
    return f", {found['width']} x {found['height']} pixels{frames}, mostly {', '.join(named[:3])}"


def _base64(content: Content) -> str:
    return b64encode(content.data).decode()
