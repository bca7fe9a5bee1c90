"""Files on their way to models: the very bytes arrive, words where it only reads, nothing where it has no sense for them."""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.capabilities.language_models.catalog import catalog
from orchestrator.capabilities.language_models.demo.model import DemoModel
from orchestrator.capabilities.language_models.keys import ProviderKeys
from orchestrator.capabilities.language_models.openai_wire import OpenAIWire
from orchestrator.capabilities.language_models.parts.abilities import takes
from orchestrator.capabilities.language_models.pricing import price_table
from orchestrator.capabilities.media.types import media_type_of
from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.effects.model import FilePart, Message, ModelReply, ModelRequest, Role, text_parts
from orchestrator.engine.errors import ErrorCode, ModelError
from orchestrator.engine.ports import Content, FramesWanted, LanguageModel, missing_file
from orchestrator.engine.testing import call_context
from tests.capabilities.language_models.asking import ByLiteLLM, egress_to
from tests.media import HTML, docx, film, pdf, picture, sound
from tests.model_server import ModelServer, Reply

SEEING = {"openai": "openai/gpt-5-mini", "anthropic": "anthropic/claude-sonnet-4-5", "gemini": "gemini/gemini-2.5-flash"}
BLIND = "openai/gpt-3.5-turbo"


class Shelf:
    """Files in memory; knows which were asked for."""

    def __init__(self) -> None:
        self.contents: dict[str, Content] = {}
        self.asked: list[str] = []

    def put(self, data: bytes, name: str) -> FilePart:
        media_type = media_type_of(data, name)
        digest = hashlib.sha256(data).hexdigest()
        self.contents[digest] = Content(data, media_type)
        return FilePart(type="file", digest=digest, media_type=media_type, name=name, size=len(data))

    async def content(self, file: FilePart) -> Content:
        self.asked.append(file.name)
        if file.digest not in self.contents:
            raise missing_file(file)
        return self.contents[file.digest]

    async def frames(self, video: FilePart, wanted: FramesWanted) -> list[FilePart]:
        raise AssertionError("no model takes a video apart")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def adapter(server: ModelServer, provider: str) -> LanguageModel:
    if provider == "openai":
        return OpenAIWire(base=server.base, key="k", egress=egress_to(server.port))
    return ByLiteLLM(server, "k", provider)


async def ask(model: LanguageModel, shelf: Shelf, name: str, *files: FilePart, text: str = "Look") -> ModelReply:
    messages = (Message(role=Role.USER, content=(*text_parts(text), *files)),)
    return await model.complete(ModelRequest(model=name, messages=messages), replace(call_context(), files=shelf))


def strings(value: Any) -> Iterator[str]:
    """Every text in what arrived."""
    if isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def arrived(server: ModelServer) -> set[str]:
    """The digests of all that arrived as base64."""
    found = set()
    for text in strings(server.requests[-1].body):
        data = text.rpartition("base64,")[2]
        if len(data) > 40 and re.fullmatch(r"[A-Za-z0-9+/=]+", data):
            found.add(hashlib.sha256(base64.b64decode(data)).hexdigest())
    return found


@pytest.mark.parametrize("provider", SEEING)
async def test_the_bytes_of_pictures_and_documents_arrive(model_server: ModelServer, shelf: Shelf, provider: str) -> None:
    model_server.script(Reply(text="A cat"))
    photo, paper = shelf.put(picture(), "cat.png"), shelf.put(pdf("hello"), "paper.pdf")
    reply = await ask(adapter(model_server, provider), shelf, SEEING[provider], photo, paper)
    assert reply.message.text == "A cat"
    assert arrived(model_server) == {photo.digest, paper.digest}
    said = " ".join(strings(model_server.requests[-1].body))
    assert "File cat.png:" in said and "File paper.pdf:" in said


async def test_the_bytes_of_sounds_and_films_arrive_where_they_are_taken(model_server: ModelServer, shelf: Shelf) -> None:
    model_server.script(Reply(text="Birds"))
    song, clip = shelf.put(sound(), "birds.wav"), shelf.put(film(1), "birds.mp4")
    watching = sorted(name for name in price_table() if name.startswith("gemini/") and len(takes(name) or ()) == len(Modality))
    await ask(adapter(model_server, "gemini"), shelf, watching[0], song, clip)
    assert arrived(model_server) == {song.digest, clip.digest}


async def test_sounds_go_to_openai_with_their_format(model_server: ModelServer, shelf: Shelf) -> None:
    model_server.script(Reply(text="Birds"))
    await ask(adapter(model_server, "openai"), shelf, "openai/some-local-model", shelf.put(sound(), "birds.wav"))
    [part] = [part for part in model_server.requests[-1].body["messages"][0]["content"] if part["type"] == "input_audio"]
    assert part["input_audio"]["format"] == "wav"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (pdf("hello there"), "a.pdf", "hello there"),
        (docx("first", "second"), "a.docx", "first\nsecond"),
        (b"a,b\n1,2\n", "a.csv", "a,b\n1,2\n"),
        (HTML, "a.html", HTML.decode()),
    ],
)
async def test_a_model_that_only_reads_gets_the_words(
    model_server: ModelServer, shelf: Shelf, content: bytes, name: str, words: str
) -> None:
    model_server.script(Reply(text="Read"))
    file = shelf.put(content, name)
    await ask(adapter(model_server, "openai"), shelf, BLIND, file)
    [message] = model_server.requests[-1].body["messages"]
    assert message["content"][1]["text"] == f"File {name} ({file.media_type}):\n{words}"
    assert arrived(model_server) == set()


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (picture(), "cat.png", "openai/gpt-3.5-turbo does not see images: cat.png cannot be shown to it"),
        (sound(), "a.wav", "openai/gpt-3.5-turbo does not hear audio: a.wav cannot be shown to it"),
        (film(1), "a.mp4", "openai/gpt-3.5-turbo does not watch videos: a.mp4 cannot be shown to it"),
        (b"PK\x03\x04zip", "a.zip", "openai/gpt-3.5-turbo does not take such documents: a.zip cannot be shown to it"),
    ],
)
async def test_a_model_without_the_sense_is_not_asked(
    model_server: ModelServer, shelf: Shelf, content: bytes, name: str, told: str
) -> None:
    with pytest.raises(ModelError) as refused:
        await ask(adapter(model_server, "openai"), shelf, BLIND, shelf.put(content, name))
    info = refused.value.info
    assert (info.message, info.code, info.retryable) == (told, ErrorCode.MODEL_BAD_REQUEST, False)
    assert info.cure and model_server.requests == [] and shelf.asked == []


async def test_a_scan_for_a_model_that_only_reads_says_so(model_server: ModelServer, shelf: Shelf) -> None:
    with pytest.raises(
        ModelError, match=r"^scan\.pdf cannot be shown to openai/gpt-3\.5-turbo: The PDF has no text on its 1 page: it is a scan"
    ):
        await ask(adapter(model_server, "openai"), shelf, BLIND, shelf.put(pdf(""), "scan.pdf"))
    assert model_server.requests == []


async def test_a_file_that_is_gone_is_told_by_name(model_server: ModelServer, shelf: Shelf) -> None:
    gone = FilePart(type="file", digest="0" * 64, media_type="image/png", name="cat.png", size=1)
    with pytest.raises(ModelError, match=r"^cat\.png cannot be shown to openai/gpt-5-mini: The content of cat\.png is not there$"):
        await ask(adapter(model_server, "openai"), shelf, "openai/gpt-5-mini", gone)


async def test_what_a_file_is_said_to_be_does_not_change_what_it_is(model_server: ModelServer, shelf: Shelf) -> None:
    """A value that was made up inside a graph: the content decides."""
    model_server.script(Reply(text="Read"))
    page = shelf.put(HTML, "page.html").model_copy(update={"media_type": "image/png", "name": "cat.png"})
    await ask(adapter(model_server, "openai"), shelf, "openai/gpt-5-mini", page)
    assert arrived(model_server) == set()
    assert HTML.decode() in " ".join(strings(model_server.requests[-1].body))


async def test_a_picture_larger_than_providers_take_is_scaled_down_with_a_note(model_server: ModelServer, shelf: Shelf) -> None:
    model_server.script(Reply(text="Large"))
    large = shelf.put(picture("PNG", (3000, 1500)), "large.png")
    await ask(adapter(model_server, "openai"), shelf, "openai/gpt-5-mini", large)
    [message] = model_server.requests[-1].body["messages"]
    assert message["content"][1]["text"] == "File large.png, scaled down to 2048 x 1024 pixels:"
    assert large.digest not in arrived(model_server)


async def test_a_request_without_files_is_sent_as_before(model_server: ModelServer, shelf: Shelf) -> None:
    model_server.script(Reply(text="Hi"))
    await ask(adapter(model_server, "openai"), shelf, BLIND)
    assert model_server.requests[-1].body["messages"] == [{"role": "user", "content": "Look"}]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (picture("PNG", (40, 30), "red"), "cat.png", "cat.png: image/png, {size} bytes, 40 x 30 pixels, mostly red 100%"),
        (sound(2.5), "birds.wav", "birds.wav: audio/wav, {size} bytes, 2.5 s long"),
        (pdf("hello there"), "a.pdf", "a.pdf: application/pdf, {size} bytes. It begins: hello there"),
        (b"a,b\n1,2\n3,4\n5,6\n", "a.csv", "a.csv: text/csv, {size} bytes. It begins: a,b / 1,2 / 3,4"),
        (film(1), "a.mp4", "a.mp4: video/mp4, {size} bytes"),
        (pdf(""), "scan.pdf", "scan.pdf could not be looked at: The PDF has no text on its 1 page: it is a scan, a picture of pages"),
    ],
)
async def test_the_demo_model_says_what_it_really_found(shelf: Shelf, content: bytes, name: str, said: str) -> None:
    reply = await ask(DemoModel(), shelf, "demo/instant", shelf.put(content, name))
    assert reply.demo
    assert reply.message.text.split("\n\n")[0] == said.format(size=len(content))


def test_what_models_take_is_read_from_the_table_of_models() -> None:
    assert takes("openai/gpt-5-mini") == {Modality.TEXT, Modality.IMAGE, Modality.DOCUMENT}
    assert takes("gemini/gemini-2.5-flash") is not None and Modality.AUDIO in (takes("gemini/gemini-2.5-flash") or ())
    assert takes(BLIND) == {Modality.TEXT}
    assert takes("openai/never-heard-of") is None
    assert takes("demo/assistant") == frozenset(Modality)


def test_the_list_of_models_says_what_each_takes() -> None:
    rows = {row.name: row.takes for row in catalog(ProviderKeys())}
    assert rows["openai/gpt-5-mini"] == (Modality.IMAGE, Modality.DOCUMENT, Modality.TEXT)
    assert rows["demo/instant"] == tuple(Modality)
