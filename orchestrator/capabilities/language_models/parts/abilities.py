"""Which kinds of files a model takes, as LiteLLM's table of models says."""

from typing import Final

from orchestrator.capabilities.language_models.pricing import entry_of
from orchestrator.capabilities.language_models.providers import DEMO
from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.document.files.senses import CURES, LACKS
from orchestrator.engine.errors import ErrorCode, ModelError

_FLAGS: Final = {
    "supports_vision": Modality.IMAGE,
    "supports_audio_input": Modality.AUDIO,
    "supports_video_input": Modality.VIDEO,
    "supports_pdf_input": Modality.DOCUMENT,
}


def takes(model: str) -> frozenset[Modality] | None:
    """The kinds of file that a model takes as they are; None when nobody has said. Text is taken by all."""
    if model.partition("/")[0] == DEMO:
        return frozenset(Modality)
    entry = entry_of(model)
    if entry is None or not entry.get("described"):
        return None
    return frozenset({Modality.TEXT, *(kind for flag, kind in _FLAGS.items() if entry.get(flag))})


def not_taken(model: str, name: str, kind: Modality) -> ModelError:
    """The model has no sense for a file."""
    told = f"{model} {LACKS[kind]}: {name} cannot be shown to it"
    return ModelError(told, code=ErrorCode.MODEL_BAD_REQUEST, cure=CURES[kind])
