"""Small real files, made by the libraries that read them."""

import io
import tempfile
import wave
import zipfile
from pathlib import Path

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

HTML = b"<!doctype html><html><body><script>alert(document.cookie)</script></body></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A few kilobytes that unpack to hundreds of megabytes."""
    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "PNG", compress_level=9)
    return out.getvalue()


def sound(seconds: float = 1.0) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x10\x20" * int(8000 * seconds))
    return out.getvalue()


def pdf(*pages: str) -> bytes:
    """One page for each text; a page without text is like a scan."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(300, 300)
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode() if text else b"")
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})}
        )
        page[NameObject("/Contents")] = writer._add_object(stream)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def docx(*paragraphs: str, prolog: str = "") -> bytes:
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", f'{prolog}<w:document xmlns:w="{namespace}"><w:body>{body}</w:body></w:document>')
    return out.getvalue()


def film(seconds: int = 3, rate: int = 10, size: tuple[int, int] = (64, 48)) -> bytes:
    """An MP4 that is red in its first second, green in its second one, blue in its third, and so on."""
    import cv2
    import numpy

    colours = [(0, 0, 255), (0, 255, 0), (255, 0, 0)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, size)
        for second in range(seconds):
            for _ in range(rate):
                writer.write(numpy.full((size[1], size[0], 3), colours[second % 3], numpy.uint8))
        writer.release()
        return path.read_bytes()
