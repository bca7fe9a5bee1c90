"""The files of a request as a model is shown them: bytes where it has the sense for them, words where it reads alone.

Contents are asked for here and nowhere before: what is recorded of a run names files, and never holds them.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.capabilities.evaluation.shared import evaluator_for
from orchestrator.capabilities.language_models.parts.abilities import not_taken, takes
from orchestrator.capabilities.media.documents import PDF, has_words, words_of
from orchestrator.capabilities.media.pictures import made_smaller, needs_less
from orchestrator.capabilities.media.reading import MEDIA_LIMITS, words_from
from orchestrator.engine.document.files.modality import Modality, modality_of
from orchestrator.engine.effects.model import FilePart, ModelRequest
from orchestrator.engine.errors import EngineError, ErrorCode, ModelError
from orchestrator.engine.ports import CallContext, Content

_FORMATS: Final = {"audio/mpeg": "mp3", "audio/mp4": "m4a"}
"""What sounds are called on the wire, where it is not the end of their media type."""

Wire = list[dict[str, Any]]
"""Parts of a message in the form of OpenAI's chat completions."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The files of one request, each as parts of its message."""

    parts: Mapping[FilePart, Wire]

    def of(self, file: FilePart) -> Wire:
        return self.parts[file]


NOTHING: Final = Shown({})


async def shown_files(request: ModelRequest, call: CallContext) -> Shown:
    """Every file that the request speaks of. Raises ModelError for one that the model has no sense for, before any is read."""
    files = dict.fromkeys(file for message in request.messages for file in message.files)
    able = takes(request.model)
    for file in files:
        require_taken(request.model, file, able)
    return Shown({file: await _shown(request.model, file, able, call) for file in files})


def require_taken(model: str, file: FilePart, able: frozenset[Modality] | None) -> None:
    """Raises ModelError when it is known that the model cannot be shown the file, neither as it is nor in words."""
    if able is None or file.modality in able or has_words(file.media_type):
        return
    raise not_taken(model, file.name, file.modality)


async def _shown(model: str, file: FilePart, able: frozenset[Modality] | None, call: CallContext) -> Wire:
    try:
        content = await call.files.content(file)
        kind = modality_of(content.media_type)
        if kind is Modality.IMAGE:
            return await _picture(file, content, call)
        if kind is Modality.AUDIO:
            name = _FORMATS.get(content.media_type) or content.media_type.partition("/")[2]
            return _named(file, {"type": "input_audio", "input_audio": {"data": _base64(content.data), "format": name}})
        if kind is Modality.VIDEO or (content.media_type == PDF and able is not None and kind in able):
            return _named(file, {"type": "file", "file": {"filename": file.name, "file_data": _url(content.data, content.media_type)}})
        if not has_words(content.media_type):
            raise not_taken(model, file.name, kind)
        return _text(await words_shown(file, content, call))
    except ModelError:
        raise
    except EngineError as error:
        told = f"{file.name} cannot be shown to {model}: {error.info.message}"
        raise ModelError(told, code=ErrorCode.MODEL_BAD_REQUEST, cure=error.info.cure) from error


async def words_shown(file: FilePart, content: Content, call: CallContext) -> str:
    """A document as its words, under its name."""
    data = _base64(content.data)
    words = words_from(await evaluator_for(call.tenant).ask(words_of, data, content.media_type, limits=MEDIA_LIMITS))
    rest = "\n[The rest of the document is left out.]" if words.cut else ""
    return f"File {file.name} ({content.media_type}):\n{words.text}{rest}"


async def _picture(file: FilePart, content: Content, call: CallContext) -> Wire:
    data, media_type, note = content.data, content.media_type, ""
    if needs_less(data, media_type):
        made = await evaluator_for(call.tenant).ask(made_smaller, _base64(data), limits=MEDIA_LIMITS)
        assert isinstance(made, dict)
        data, media_type = base64.b64decode(str(made["data"])), str(made["media_type"])
        note = f", scaled down to {made['width']} x {made['height']} pixels"
    return _named(file, {"type": "image_url", "image_url": {"url": _url(data, media_type)}}, note)


def _named(file: FilePart, part: dict[str, Any], note: str = "") -> Wire:
    """The part behind a line that says which file it is: models are told of files by name."""
    at = "" if file.at_s is None else f", at {file.at_s:g} s"
    return [*_text(f"File {file.name}{at}{note}:"), part]


def _text(text: str) -> Wire:
    return [{"type": "text", "text": text}]


def _url(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{_base64(data)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
