"""The words of documents, for models that read text alone and for people who want to see how they begin."""

import base64
import io
import zipfile
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from orchestrator.capabilities.media.types import DOCX
from orchestrator.engine.document.files.modality import Modality, modality_of
from orchestrator.engine.errors import EngineError, ErrorCode
from orchestrator.engine.ids import Json

PDF: Final = "application/pdf"
READABLE: Final = frozenset({PDF, DOCX})
MOST_CHARACTERS: Final = 200_000
"""Of one document that a model is shown."""
_MOST_UNPACKED: Final = 64 * 1024 * 1024
"""Of the text of a packed document."""
_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class BadDocument(EngineError):
    """The document cannot be read."""

    code = ErrorCode.INVALID_INPUT
    cure = "Open it in the program that made it and save it anew."


def has_words(media_type: str) -> bool:
    """Whether the words of such a file can be had."""
    return media_type in READABLE or modality_of(media_type) is Modality.TEXT


def words_of(content: str, media_type: str, most: int = MOST_CHARACTERS) -> Json:
    """The first `most` characters of a document, given as base64: `text`, whether it was `cut`, and of a PDF the number of `pages`.

    Raises BadDocument for what cannot be read, and for pictures of pages: they have no words.
    """
    data = base64.b64decode(content)
    if media_type == PDF:
        return _of_pdf(data, most)
    text = _of_docx(data, most) if media_type == DOCX else data.decode("utf-8", "replace")
    return {"text": text[:most], "cut": len(text) > most}


def _of_pdf(data: bytes, most: int) -> Json:
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadDocument("The PDF is locked by a password", cure="Save it without the password.")
        pages = len(reader.pages)
        text = _joined((page.extract_text() for page in reader.pages), most)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise BadDocument("The PDF cannot be read: it is broken, or made in a way that is not known") from error
    if not text.strip():
        raise BadDocument(
            f"The PDF has no text on its {pages} page{'s' if pages != 1 else ''}: it is a scan, a picture of pages",
            cure="Let a program for text recognition (OCR) add the text, or use a model that takes PDF documents.",
        )
    return {"text": text[:most], "cut": len(text) > most, "pages": pages}


def _of_docx(data: bytes, most: int) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed, packed.open("word/document.xml") as part:
            xml = part.read(_MOST_UNPACKED + 1)
        if len(xml) > _MOST_UNPACKED:
            raise BadDocument(f"The document unpacks to more than {_MOST_UNPACKED // 1024**2} MB", cure="Split it.")
        if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
            raise BadDocument("The document declares entities, which no word processor does")
        root = ElementTree.fromstring(xml)  # noqa: S314 - without a document type nothing can grow or be fetched
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, NotImplementedError, RuntimeError, OSError) as error:
        raise BadDocument("The document cannot be read: it is broken") from error
    return _joined(("".join(run.text or "" for run in paragraph.iter(f"{_WORD}t")) for paragraph in root.iter(f"{_WORD}p")), most)


def _joined(pieces: Iterator[str], most: int) -> str:
    """Pieces on lines of their own, no more of them than are needed."""
    found: list[str] = []
    length = 0
    for piece in pieces:
        found.append(piece)
        length += len(piece) + 1
        if length > most:
            break
    return "\n".join(found)
