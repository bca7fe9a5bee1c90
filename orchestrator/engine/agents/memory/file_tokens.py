"""About how many tokens a file costs that a model is shown: known before it is opened, by its kind and its size."""

from typing import Final

from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.effects.model import FilePart

PICTURE: Final = 765
_PCM: Final = frozenset({"audio/wav", "audio/x-wav", "audio/vnd.wave"})
MOST: Final = 1_000_000
"""Of one file: no model reads more at once."""


def file_tokens(file: FilePart) -> int:
    """An estimate, between 1 and `MOST`; as the providers' documentation counts, with the usual bytes of each kind.

    Picture: 765, whatever its size. OpenAI counts 85 and 170 for each tile of 512 pixels of what was fitted to 768, which makes
    765 of 1024 x 1024; Anthropic a token for 750 pixels up to about 1,600; Gemini 258 for each tile of 768.
    Sound: 32 a second (Gemini), of 16,000 bytes, or 32,000 where they are not compressed.
    Film: 300 a second (Gemini: 258 for its picture, 32 for its sound, and times), of 125,000 bytes.
    Document: 1,500 a page (Anthropic: 1,500 to 3,000), of 50,000 bytes. Text: four characters are one, of
    the 200,000 that a model is shown at most.
    """
    match file.modality:
        case Modality.IMAGE:
            return PICTURE
        case Modality.AUDIO:
            tokens = 32 * file.size // (32_000 if file.media_type in _PCM else 16_000)
        case Modality.VIDEO:
            tokens = 300 * file.size // 125_000
        case Modality.TEXT:
            tokens = min(file.size, 200_000) // 4
        case Modality.DOCUMENT:
            tokens = 1_500 * file.size // 50_000
    return min(MOST, max(1, tokens))
