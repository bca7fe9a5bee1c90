"""What files are, whatever they are called, and what is in them; hostile ones are refused in words."""

import base64
import io
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from orchestrator.capabilities.evaluation.shared import evaluator_for
from orchestrator.capabilities.media.documents import BadDocument, words_of
from orchestrator.capabilities.media.films import BadFilm, frames_of
from orchestrator.capabilities.media.pictures import BadPicture, dimensions_of, looked_at, made_smaller, needs_less
from orchestrator.capabilities.media.reading import MEDIA_LIMITS
from orchestrator.capabilities.media.sounds import length_s
from orchestrator.capabilities.media.types import DOCX, claimed_by, lies, media_type_of
from orchestrator.engine.document.files.modality import modality_of
from tests.media import HTML, SVG, bomb, docx, film, pdf, picture, sound


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (picture("PNG"), "a.png", "image/png"),
        (picture("JPEG"), "a.png", "image/jpeg"),
        (picture("GIF"), "", "image/gif"),
        (picture("WEBP"), "a", "image/webp"),
        (picture("BMP"), "a.bmp", "image/bmp"),
        (picture("TIFF"), "a.tiff", "image/tiff"),
        (sound(), "a.wav", "audio/wav"),
        (b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0" + b"\0" * 99, "a.mp3", "audio/mpeg"),
        (film(1), "a.mp4", "video/mp4"),
        (film(1), "a.m4a", "audio/mp4"),
        (pdf("hello"), "a.pdf", "application/pdf"),
        (docx("hello"), "a.docx", DOCX),
        (HTML, "a.png", "text/html"),
        (SVG, "a.png", "image/svg+xml"),
        (b"a,b\n1,2\n", "a.csv", "text/csv"),
        (b"# Title\n", "a.MD", "text/markdown"),
        (b'{"a": 1}', "a.json", "application/json"),
        ("Grüße".encode(), "a.txt", "text/plain"),
        ("Grüße".encode()[:4], "a.txt", "text/plain"),
        (b"MZ\x90\0\x03\0\0\0", "a.png", "application/vnd.microsoft.portable-executable"),
        (b"\0\1\2\3", "a.txt", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_bytes_say(content: bytes, name: str, media_type: str) -> None:
    assert media_type_of(content, name) == media_type


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes_under_any_name_are_of_some_type(content: bytes, name: str) -> None:
    found = media_type_of(content, name)
    assert re.fullmatch(r"[a-z]+/[a-z0-9][a-z0-9.+-]*", found) and len(found) <= 127
    assert lies(name, found) == (claimed_by(name) not in (None, modality_of(found)))


@given(st.binary(max_size=400))
def test_no_bytes_make_a_reader_fall_over(content: bytes) -> None:
    for read in (lambda: words_of(b64(content), "application/pdf"), lambda: words_of(b64(content), DOCX)):
        with pytest.raises(BadDocument):
            read()
    assert length_s(content) is None
    with pytest.raises(BadPicture):
        dimensions_of(content)


def test_a_picture_is_measured_and_its_colours_are_named() -> None:
    two = Image.new("RGB", (200, 100), "blue")
    two.paste("white", (0, 0, 50, 100))
    out = io.BytesIO()
    two.save(out, "PNG")
    assert looked_at(b64(out.getvalue())) == {
        "width": 200, "height": 100, "format": "PNG", "frames": 1, "colours": [["blue", 0.75], ["white", 0.25]],
    }  # fmt: skip


def test_a_decompression_bomb_is_refused_without_unpacking_it() -> None:
    content = bomb()
    began = time.monotonic()
    with pytest.raises(BadPicture, match=r"^The picture unpacks to 30000 x 30000 pixels, at most 50 million are taken$"):
        dimensions_of(content)
    for read in (looked_at, made_smaller):
        with pytest.raises(BadPicture, match="unpacks to"):
            read(b64(content))
    assert time.monotonic() - began < 1


def test_a_picture_that_ends_too_early_is_told_to_be_broken() -> None:
    whole = picture("JPEG", (600, 600), "teal")
    with pytest.raises(BadPicture, match="broken"):
        looked_at(b64(whole[: len(whole) // 2]))


@pytest.mark.parametrize(("size", "kind"), [((3000, 1000), "PNG"), ((10, 10), "BMP"), ((1000, 5000), "JPEG")])
def test_a_picture_becomes_one_that_providers_take(size: tuple[int, int], kind: str) -> None:
    content = picture(kind, size)
    assert needs_less(content, f"image/{kind.lower()}")
    made = made_smaller(b64(content))
    assert isinstance(made, dict)
    data = base64.b64decode(str(made["data"]))
    assert not needs_less(data, str(made["media_type"]))
    assert dimensions_of(data) == (made["width"], made["height"])
    assert max(dimensions_of(data)) == min(2048, max(size))


def test_a_small_picture_is_sent_as_it_is() -> None:
    assert not needs_less(picture("PNG"), "image/png")


def test_the_words_of_documents_are_read() -> None:
    assert words_of(b64(pdf("first page", "second page")), "application/pdf") == {
        "text": "first page\nsecond page",
        "cut": False,
        "pages": 2,
    }
    assert words_of(b64(docx("one", "two &amp; three")), DOCX) == {"text": "one\ntwo & three", "cut": False}
    assert words_of(b64(b"x" * 30), "text/plain", 10) == {"text": "x" * 10, "cut": True}


def test_a_scan_says_that_it_has_no_text() -> None:
    with pytest.raises(BadDocument, match=r"^The PDF has no text on its 2 pages: it is a scan, a picture of pages$"):
        words_of(b64(pdf("", "")), "application/pdf")


@pytest.mark.parametrize(
    "prolog", ['<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>', '<!DOCTYPE x SYSTEM "file:///etc/passwd">']
)
def test_a_document_with_entities_is_refused(prolog: str) -> None:
    with pytest.raises(BadDocument, match="declares entities"):
        words_of(b64(docx("&b;" if "lolz" in prolog else "x", prolog=prolog)), DOCX)


def test_a_packed_document_that_grows_without_end_is_refused() -> None:
    with pytest.raises(BadDocument, match="unpacks to more than 64 MB"):
        words_of(b64(docx("x" * (65 << 20))), DOCX)


def test_the_length_of_a_wav_is_told() -> None:
    assert length_s(sound(2.5)) == 2.5
    assert length_s(film(1)) is None


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("films") / "reel.mp4"
    path.write_bytes(film(3))
    return str(path)


@pytest.mark.parametrize(
    ("every_s", "at_most", "times"),
    [(1.0, 16, [0, 1, 2]), (1.0, 2, [0, 1]), (None, 3, [0, 1, 2]), (0.5, 4, [0, 0.5, 1, 1.5]), (60.0, 9, [0])],
)
def test_frames_are_taken_at_their_times(reel: str, every_s: float | None, at_most: int, times: list[float]) -> None:
    frames = frames_of(reel, every_s, at_most)
    assert isinstance(frames, list)
    found = [(frame["at_s"], looked_at(str(frame["data"]))["colours"][0][0]) for frame in frames if isinstance(frame, dict)]  # type: ignore[index,call-overload]
    assert found == [(at, ["red", "green", "blue"][int(at)]) for at in times]


def test_what_is_no_film_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("films") / "no.mp4"
    path.write_bytes(picture())
    for content in (b"", sound(), film(1)[:200]):
        path.write_bytes(content)
        with pytest.raises(BadFilm, match="no video that can be played"):
            frames_of(str(path), 1.0, 4)


async def test_all_of_it_fits_into_an_evaluating_process(reel: str) -> None:
    elsewhere = evaluator_for("media")
    frames = await elsewhere.ask(frames_of, reel, 1.0, 3, limits=MEDIA_LIMITS)
    assert isinstance(frames, list) and len(frames) == 3
    words = await elsewhere.ask(words_of, b64(pdf("hello")), "application/pdf", limits=MEDIA_LIMITS)
    assert words == {"text": "hello", "cut": False, "pages": 1}
    smaller = await elsewhere.ask(made_smaller, b64(picture("PNG", (3000, 3000))), limits=MEDIA_LIMITS)
    assert isinstance(smaller, dict) and smaller["width"] == 2048
